using System.Collections.Concurrent;
using System.Security.Cryptography;
using AppHost.Postgres;
using Npgsql;

namespace Testing;

/// <summary>
/// A database of its own for a test class, with the bank's roles and grants exactly as the run command makes them; dropped at the end.
/// </summary>
/// <example>
/// <code>
/// public sealed class LedgerTests : IAsyncLifetime
/// {
///     private TestDatabase _database = null!;
///
///     public async ValueTask InitializeAsync() =>
///         _database = await TestDatabase.FromTemplateAsync("ledger", owner => Migrations.ApplyAsync(owner));
///
///     public ValueTask DisposeAsync() => _database.DisposeAsync();
/// }
/// </code>
/// </example>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Templates = new();

    private readonly PostgresCluster _cluster;
    private readonly DatabaseLayout _layout;

    private TestDatabase(PostgresCluster cluster, DatabaseLayout layout, string name) => (_cluster, _layout, Name) = (cluster, layout, name);

    /// <summary>The database's name.</summary>
    public string Name { get; }

    /// <summary>For migrations: the role that owns the database.</summary>
    public string OwnerConnectionString => ConnectionString(_layout.Owner);

    /// <summary>For serving requests: the role with no more rights than migrations granted it.</summary>
    public string AppConnectionString => ConnectionString(_layout.App);

    /// <summary>For looking and breaking: the superuser, whom no privilege or policy stops (triggers do).</summary>
    public string SuperuserConnectionString => WithDetail(_cluster.SuperuserConnectionString(Name));

    /// <summary>Makes an empty database with the roles, schemas and grants of <paramref name="layout"/>.</summary>
    /// <param name="layout">Whose database; <see cref="DatabaseLayout.Bank"/> when not given.</param>
    /// <param name="cluster">Where; the shared cluster when not given.</param>
    public static async Task<TestDatabase> CreateAsync(DatabaseLayout? layout = null, PostgresCluster? cluster = null)
    {
        var owner = layout ?? DatabaseLayout.Bank;
        var server = cluster ?? await TestCluster.GetAsync();
        var name = NewName();
        await owner.CreateDatabaseAsync(server, name);
        return new TestDatabase(server, owner, name);
    }

    /// <summary>Copies a database that is built once per test process: much faster than building the same schema for each test class.</summary>
    /// <param name="key">Names what <paramref name="build"/> makes; the same key must always build the same.</param>
    /// <param name="build">Given the owner's connection string: migrates, and seeds where every user of the key wants it. It must leave no connection open.</param>
    /// <param name="layout">Whose database; <see cref="DatabaseLayout.Bank"/> when not given.</param>
    public static async Task<TestDatabase> FromTemplateAsync(string key, Func<string, Task> build, DatabaseLayout? layout = null)
    {
        var owner = layout ?? DatabaseLayout.Bank;
        var server = await TestCluster.GetAsync();
        var template = await Templates.GetOrAdd($"{owner.Name}/{key}", _ => new Lazy<Task<string>>(() => BuildAsync(server, owner, build))).Value;

        var name = NewName();
        await owner.CreateDatabaseAsync(server, name, template);
        return new TestDatabase(server, owner, name);
    }

    /// <summary>The connection string of one of the bank's roles, such as <c>web_app</c>, to this database.</summary>
    public string ConnectionString(string role) => WithDetail(_cluster.ConnectionString(Name, role, TestCluster.PasswordOf(role)));

    /// <summary>Drops the database, ending whatever is still connected.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var role in _layout.Roles)
        {
            await using var pooled = new NpgsqlConnection(ConnectionString(role));
            NpgsqlConnection.ClearPool(pooled);
        }

        await ExecuteAsync(_cluster, $"DROP DATABASE IF EXISTS \"{Name}\" WITH (FORCE)");
    }

    private static async Task<string> BuildAsync(PostgresCluster cluster, DatabaseLayout layout, Func<string, Task> build)
    {
        var name = NewName();
        await layout.CreateDatabaseAsync(cluster, name);
        var database = new TestDatabase(cluster, layout, name);
        // A pooled connection would stay open, and a database in use cannot be copied.
        await build(new NpgsqlConnectionStringBuilder(database.OwnerConnectionString) { Pooling = false }.ConnectionString);
        await ExecuteAsync(cluster, $"ALTER DATABASE \"{name}\" WITH ALLOW_CONNECTIONS false");
        await ExecuteAsync(cluster, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        return name;
    }

    private static async Task ExecuteAsync(PostgresCluster cluster, string statement)
    {
        await using var connection = new NpgsqlConnection(cluster.SuperuserConnectionString());
        await connection.OpenAsync();
#pragma warning disable CA2100 // Names are generated here, in hexadecimal.
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private static string NewName() => TestCluster.NamePrefix + RandomNumberGenerator.GetHexString(16, lowercase: true);

    private static string WithDetail(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { IncludeErrorDetail = true }.ConnectionString;
}
