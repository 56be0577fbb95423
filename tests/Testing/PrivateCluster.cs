using System.Security.Cryptography;
using AppHost.Postgres;

namespace Testing;

/// <summary>
/// A PostgreSQL server for one test alone, to be killed, restarted or configured. It keeps the server's default
/// durability (writes are flushed at commit) unless the settings say otherwise, and is stopped and deleted at the end.
/// </summary>
public sealed class PrivateCluster : IAsyncDisposable
{
    private readonly PostgresWatchdog _watchdog;
    private readonly PostgresClusterOptions _options;

    private PrivateCluster(PostgresWatchdog watchdog, PostgresClusterOptions options, PostgresCluster server) =>
        (_watchdog, _options, Server) = (watchdog, options, server);

    /// <summary>The running server.</summary>
    public PostgresCluster Server { get; private set; }

    /// <summary>Makes and starts a server, with the bank's roles in it.</summary>
    /// <param name="settings">Server settings (postgresql.conf names) on top of the defaults.</param>
    /// <param name="binaries">The server's programs when they are not to be the first ones found.</param>
    public static async Task<PrivateCluster> StartAsync(IReadOnlyDictionary<string, string>? settings = null, PostgresBinaries? binaries = null)
    {
        var name = "test-postgres-" + RandomNumberGenerator.GetHexString(12, lowercase: true);
        var folder = await PostgresCluster.LocateAsync(RepositoryFolder.Combine("artifacts", name));
        var options = new PostgresClusterOptions
        {
            Folder = folder,
            SuperuserPassword = RandomNumberGenerator.GetHexString(32, lowercase: true),
            Port = PostgresCluster.FreePort(),
            Binaries = binaries,
            Settings = settings ?? new Dictionary<string, string>(),
        };
        var watchdog = await PostgresWatchdog.StartAsync(folder);
        var server = await PostgresCluster.StartAsync(options);
        await TestCluster.PrepareAsync(server);
        return new PrivateCluster(watchdog, options, server);
    }

    /// <summary>Starts the server again on the same data and port, after it was stopped or killed.</summary>
    public async Task RestartAsync() => Server = await PostgresCluster.StartAsync(_options);

    /// <summary>Ends this test's use of the server, as the end of the process would.</summary>
    public ValueTask ReleaseAsync() => _watchdog.DisposeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync();
        await _watchdog.DisposeAsync();
        Directory.Delete(Server.Folder, recursive: true);
        File.Delete(Server.Folder + ".users");
    }
}
