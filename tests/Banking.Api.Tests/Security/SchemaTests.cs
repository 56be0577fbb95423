using Banking.Api.Infrastructure;
using Banking.Api.Tests.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace Banking.Api.Tests.Security;

/// <summary>The schema is made by SQL files and mapped by hand: these two must say the same.</summary>
public sealed class SchemaTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly string[] Text = ["text", "character varying", "character"];

    [Fact]
    public async Task EveryMappedColumn_ExistsWithItsTypeAndNullability()
    {
        var columns = await ReadColumnsAsync();
        var faults = new List<string>();
        var count = await world.Host.WithDatabaseAsync(db => Task.FromResult(Compare(db, columns, faults)));
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(count > 100, $"{count} columns");
    }

    private static int Compare(BankDbContext db, Dictionary<string, (string Type, bool NotNull)> columns, List<string> faults)
    {
        var count = 0;
        foreach (var entity in db.Model.GetEntityTypes().Where(entity => !entity.IsMappedToJson()))
        {
            var isView = entity.GetViewName() is not null;
            var table = isView ? $"{entity.GetViewSchema()}.{entity.GetViewName()}" : $"{entity.GetSchema() ?? "public"}.{entity.GetTableName()}";
            foreach (var property in entity.GetProperties())
            {
                count++;
                var name = $"{table}.{property.GetColumnName()}";
                if (!columns.TryGetValue(name, out var column))
                {
                    faults.Add($"{name}: there is no such column");
                    continue;
                }

                var mapped = property.GetColumnType();
                if (!IsCompatible(mapped, column.Type))
                {
                    faults.Add($"{name}: mapped as {mapped}, is {column.Type}");
                }

                // PostgreSQL does not know which columns of a view can be null.
                if (!isView && property.IsNullable == column.NotNull)
                {
                    faults.Add($"{name}: mapped as {(property.IsNullable ? "nullable" : "required")}, the column is not");
                }
            }
        }

        return count;
    }

    private static bool IsCompatible(string mapped, string actual)
    {
        var (left, right) = (Bare(mapped), Bare(actual));
        return left == right || (Text.Contains(left) && Text.Contains(right));
    }

    private static string Bare(string type) => type.IndexOf('(', StringComparison.Ordinal) is var at and >= 0 ? type[..at] : type;

    private async Task<Dictionary<string, (string Type, bool NotNull)>> ReadColumnsAsync()
    {
        await using var connection = new NpgsqlConnection(world.Database.SuperuserConnectionString);
        await connection.OpenAsync();
        await using var read = new NpgsqlCommand(
            """
            select n.nspname || '.' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
            from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
            where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v', 'p')
            """,
            connection);
        var columns = new Dictionary<string, (string, bool)>(StringComparer.Ordinal);
        await using var rows = await read.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            columns[rows.GetString(0)] = (rows.GetString(1), rows.GetBoolean(2));
        }

        return columns;
    }
}
