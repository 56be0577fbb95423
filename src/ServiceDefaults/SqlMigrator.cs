using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace SecureBank.ServiceDefaults;

/// <summary>
/// Applies numbered SQL files (<c>0001_name.sql</c>, embedded as <c>Migrations/...</c>) once each, in order, forward only.
/// Every file runs in a transaction of its own together with the row that records it, under one advisory lock, so that N copies
/// may start at once. A file that changed after it was applied stops the migration: history is not edited, it is continued.
/// </summary>
public sealed partial class SqlMigrator
{
    // Any fixed number will do; it names this lock among the database's advisory locks.
    private const long AdvisoryLock = 0x5EC0_BA9C;

    private readonly Assembly _assembly;
    private readonly IReadOnlyDictionary<string, string> _variables;
    private readonly TimeProvider _clock;

    /// <summary>Migrations of <paramref name="assembly"/>; <c>${name}</c> in a file is replaced by the variable's value, a plain SQL identifier.</summary>
    /// <exception cref="ArgumentException">A variable's value is not a plain identifier.</exception>
    public SqlMigrator(Assembly assembly, IReadOnlyDictionary<string, string> variables, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(variables);
        foreach (var (name, value) in variables)
        {
            if (!PlainIdentifier().IsMatch(value))
            {
                throw new ArgumentException($"The value of '{name}' is not a plain SQL identifier.", nameof(variables));
            }
        }

        _assembly = assembly;
        _variables = variables;
        _clock = clock;
    }

    /// <summary>Brings the database up to date as its owner; returns the names of the files applied now.</summary>
    /// <exception cref="InvalidOperationException">An applied file differs from the one in this build, or this build is older than the database.</exception>
    public async Task<IReadOnlyList<string>> MigrateAsync(string ownerConnectionString, string historySchema = "public", CancellationToken cancellationToken = default)
    {
        if (!PlainIdentifier().IsMatch(historySchema))
        {
            throw new ArgumentException("Not a plain SQL identifier.", nameof(historySchema));
        }

        var files = ReadFiles();
        await using var connection = new NpgsqlConnection(ownerConnectionString);
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_lock({AdvisoryLock})", cancellationToken);
        await ExecuteAsync(
            connection,
            // "if not exists" asks for the right to create schemas even when there is nothing to create.
            $"""
            do $$ begin
                if not exists (select from pg_namespace where nspname = '{historySchema}') then create schema {historySchema}; end if;
            end $$;
            create table if not exists {historySchema}.schema_migration (
                name text primary key, sha256 text not null, applied_at timestamptz not null)
            """,
            cancellationToken);

        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        await using (var read = new NpgsqlCommand($"select name, sha256 from {historySchema}.schema_migration", connection))
        await using (var rows = await read.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                applied[rows.GetString(0)] = rows.GetString(1);
            }
        }

        if (applied.Keys.Except(files.Select(file => file.Name), StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw new InvalidOperationException($"The database has migration '{unknown}', which this build does not know: it is newer than this build.");
        }

        var done = new List<string>();
        foreach (var file in files)
        {
            if (applied.TryGetValue(file.Name, out var hash))
            {
                if (!string.Equals(hash, file.Sha256, StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"Migration '{file.Name}' was changed after it was applied. Add a new file instead.");
                }

                continue;
            }

            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, Substitute(file.Text), cancellationToken);
            await using var record = new NpgsqlCommand($"insert into {historySchema}.schema_migration values ($1, $2, $3)", connection);
            record.Parameters.Add(new() { Value = file.Name });
            record.Parameters.Add(new() { Value = file.Sha256 });
            record.Parameters.Add(new() { Value = _clock.GetUtcNow() });
            await record.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            done.Add(file.Name);
        }

        return done;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,62}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainIdentifier();

    private string Substitute(string sql) =>
        _variables.Aggregate(sql, (text, variable) => text.Replace("${" + variable.Key + "}", variable.Value, StringComparison.Ordinal));

    private List<(string Name, string Text, string Sha256)> ReadFiles()
    {
        const string prefix = "Migrations/";
        var files = new List<(string Name, string Text, string Sha256)>();
        foreach (var resource in _assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = _assembly.GetManifestResourceStream(resource)!;
            using var reader = new StreamReader(stream, Encoding.UTF8);
            // Line endings depend on the checkout, the content does not.
            var text = reader.ReadToEnd().ReplaceLineEndings("\n");
            files.Add((resource[prefix.Length..], text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))));
        }

        var numbers = files.Select(file => int.Parse(file.Name.AsSpan(0, 4), CultureInfo.InvariantCulture)).ToList();
        if (numbers.Distinct().Count() != numbers.Count)
        {
            throw new InvalidOperationException("Two migrations have the same number.");
        }

        return files;
    }
}
