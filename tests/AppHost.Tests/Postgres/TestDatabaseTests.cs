using AppHost.Postgres;
using Npgsql;
using Testing;

namespace AppHost.Tests.Postgres;

public sealed class TestDatabaseTests
{
    [Fact]
    public async Task CreateAsync_GivesOwnerAndAppTheirOwnRightsOnly()
    {
        await using var database = await TestDatabase.CreateAsync();
        await ExecuteAsync(database.OwnerConnectionString, "CREATE TABLE ledger (id int); GRANT SELECT ON ledger TO bank_app");
        await ExecuteAsync(database.AppConnectionString, "SELECT * FROM ledger");

        var write = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(database.AppConnectionString, "INSERT INTO ledger VALUES (1)"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, write.SqlState);
        var define = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(database.AppConnectionString, "CREATE TABLE mine (id int)"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, define.SqlState);
        var read = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(database.ConnectionString("web_app"), "SELECT * FROM public.ledger"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, read.SqlState);
        await ExecuteAsync(database.ConnectionString("web_owner"), "CREATE TABLE web.tickets (id int)");
    }

    [Fact]
    public async Task CreateAsync_KeepsRolesOfOtherDatabasesOut()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseLayout.Assistant);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(database.ConnectionString("bank_app"), "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task FromTemplateAsync_BuildsOnceAndCopies()
    {
        var built = 0;
        async Task Build(string owner)
        {
            Interlocked.Increment(ref built);
            await ExecuteAsync(owner, "CREATE TABLE seeded AS SELECT 42 AS answer");
        }

        await using var first = await TestDatabase.FromTemplateAsync(nameof(FromTemplateAsync_BuildsOnceAndCopies), Build);
        await using var second = await TestDatabase.FromTemplateAsync(nameof(FromTemplateAsync_BuildsOnceAndCopies), Build);
        await ExecuteAsync(first.OwnerConnectionString, "DELETE FROM seeded");

        Assert.Equal(1, built);
        Assert.NotEqual(first.Name, second.Name);
        Assert.Equal(42, await ScalarAsync(second.OwnerConnectionString, "SELECT answer FROM seeded"));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(first.ConnectionString("assistant_app"), "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task DisposeAsync_DropsTheDatabaseThoughInUse()
    {
        var database = await TestDatabase.CreateAsync();
        await using var open = new NpgsqlConnection(database.AppConnectionString);
        await open.OpenAsync();
        await database.DisposeAsync();

        var gone = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(database.SuperuserConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, gone.SqlState);
    }

    internal static async Task ExecuteAsync(string connectionString, string statement) => await ScalarAsync(connectionString, statement);

    internal static async Task<object?> ScalarAsync(string connectionString, string statement)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // The statements are written out in the tests.
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
