using System.Globalization;
using System.Security.Cryptography;
using AppHost;
using AppHost.Postgres;
using AppHost.Processes;
using Npgsql;

namespace Testing;

/// <summary>
/// The PostgreSQL server the tests of this checkout share: started by the first test process that needs it, stopped
/// when the last one is gone (see <see cref="PostgresWatchdog"/>), kept in artifacts/test-postgres for the next run.
/// </summary>
/// <remarks>
/// Writes are not flushed to disk, since a test database need not survive a power cut. What has been committed
/// survives a kill of any process all the same. A test that kills or reconfigures the server takes a
/// <see cref="PrivateCluster"/>.
/// </remarks>
public static class TestCluster
{
    /// <summary>Databases of tests begin with this; what a killed run left of them goes at the next start of the server.</summary>
    internal const string NamePrefix = "t_";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);
    private static readonly Lazy<Task<PostgresCluster>> Shared = new(StartAsync);

    // Held for the life of the process: the watchdog stops the server when this process ends.
    private static PostgresWatchdog? s_watchdog;

    /// <summary>The running cluster.</summary>
    public static Task<PostgresCluster> GetAsync() => Shared.Value;

    /// <summary>The password of one of the bank's roles in a test cluster; these roles reach nothing but test databases on loopback.</summary>
    public static string PasswordOf(string role) => role + "-test";

    private static async Task<PostgresCluster> StartAsync()
    {
        var folder = await PostgresCluster.LocateAsync(RepositoryFolder.Combine("artifacts", "test-postgres"));
        s_watchdog = await PostgresWatchdog.StartAsync(folder);

        await using var starting = await FileLock.AcquireAsync(folder + ".starting", StartTimeout, CancellationToken.None);
        var cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions
        {
            Folder = folder,
            SuperuserPassword = await PasswordAsync(folder + ".password"),
            AttachToRunning = true,
            Settings = new Dictionary<string, string>
            {
                ["fsync"] = "off",
                ["full_page_writes"] = "off",
                ["max_connections"] = "500",
                ["max_wal_size"] = "4GB",
            },
        });
        if (!cluster.Attached)
        {
            await PrepareAsync(cluster);
        }

        return cluster;
    }

    /// <summary>Makes the bank's roles, and drops databases an earlier run left behind.</summary>
    internal static async Task PrepareAsync(PostgresCluster cluster)
    {
        await DatabaseLayout.CreateRolesAsync(cluster, DatabaseLayout.All.SelectMany(layout => layout.Roles).Select(role => new DatabaseRole(role, PasswordOf(role))));

        await using var connection = new NpgsqlConnection(cluster.SuperuserConnectionString());
        await connection.OpenAsync();
        var leftovers = new List<string>();
        await using (var query = new NpgsqlCommand($@"SELECT datname FROM pg_database WHERE datname LIKE '{NamePrefix.Replace("_", @"\_", StringComparison.Ordinal)}%'", connection))
        await using (var reader = await query.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                leftovers.Add(reader.GetString(0));
            }
        }

        foreach (var name in leftovers)
        {
            await using var drop = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"), connection);
            await drop.ExecuteNonQueryAsync();
        }
    }

    private static async Task<string> PasswordAsync(string file)
    {
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await PrivateFile.WriteAsync(file, RandomNumberGenerator.GetHexString(32, lowercase: true));
        }

        return await File.ReadAllTextAsync(file);
    }
}
