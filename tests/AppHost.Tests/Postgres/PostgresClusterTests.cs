using System.Diagnostics;
using AppHost.Postgres;
using Npgsql;
using Testing;

namespace AppHost.Tests.Postgres;

public sealed class PostgresClusterTests
{
    [Fact]
    public async Task StartAsync_MakesAPrivateDurableCluster()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        var superuser = cluster.Server.SuperuserConnectionString();

        Assert.Equal("127.0.0.1", await ScalarAsync(superuser, "SHOW listen_addresses"));
        Assert.Equal("", await ScalarAsync(superuser, "SHOW unix_socket_directories"));
        Assert.Equal("on", await ScalarAsync(superuser, "SHOW data_checksums"));
        Assert.Equal("on", await ScalarAsync(superuser, "SHOW fsync"));
        Assert.Equal("UTF8", await ScalarAsync(superuser, "SHOW server_encoding"));
        Assert.Equal("scram-sha-256", await ScalarAsync(superuser, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"));

        var wrong = new NpgsqlConnectionStringBuilder(superuser) { Password = "wrong" }.ConnectionString;
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(wrong, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(cluster.Server.Folder));
            Assert.False(File.Exists(Path.Combine(cluster.Server.Folder, "password")));
        }
    }

    [Fact]
    public async Task StartAsync_AfterStop_KeepsDataAndPort()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        var superuser = cluster.Server.SuperuserConnectionString();
        await ScalarAsync(superuser, "CREATE TABLE kept AS SELECT 7 AS value");

        await cluster.Server.StopAsync();
        Assert.Null(PostgresCluster.ServerProcessId(cluster.Server.Folder));
        await cluster.RestartAsync();

        Assert.Equal(7, await ScalarAsync(superuser, "SELECT value FROM kept"));
    }

    [Fact]
    public async Task StartAsync_AfterKillOfTheServer_KeepsWhatWasCommitted()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        var superuser = cluster.Server.SuperuserConnectionString();
        await using var session = new NpgsqlConnection(superuser);
        await session.OpenAsync();
        await ScalarAsync(superuser, "CREATE TABLE kept AS SELECT 7 AS value");

        using (var server = Process.GetProcessById(PostgresCluster.ServerProcessId(cluster.Server.Folder)!.Value))
        {
            server.Kill();
        }

        await Wait.UntilAsync(() => PostgresCluster.ServerProcessId(cluster.Server.Folder) is null);
        Assert.True(File.Exists(Path.Combine(cluster.Server.Folder, "data", "postmaster.pid")));
        await cluster.RestartAsync();

        Assert.Equal(7, await ScalarAsync(superuser, "SELECT value FROM kept"));
    }

    [Fact]
    public async Task StartAsync_WhenAnOrphanRuns_StopsItAndTakesOver()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        var orphan = PostgresCluster.ServerProcessId(cluster.Server.Folder);

        await cluster.RestartAsync();

        Assert.NotNull(orphan);
        Assert.NotEqual(orphan, PostgresCluster.ServerProcessId(cluster.Server.Folder));
        Assert.Equal(1, await ScalarAsync(cluster.Server.SuperuserConnectionString(), "SELECT 1"));
    }

    [Fact]
    public async Task StartAsync_WhenTheOldProcessIdBelongsToAnotherProgram_StartsAllTheSame()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        var file = Path.Combine(cluster.Server.Folder, "data", "postmaster.pid");
        var lines = await File.ReadAllLinesAsync(file);
        await cluster.Server.StopAsync();
        lines[0] = Environment.ProcessId.ToString();
        await File.WriteAllLinesAsync(file, lines);

        Assert.Null(PostgresCluster.ServerProcessId(cluster.Server.Folder));
        await cluster.RestartAsync();

        Assert.Equal(1, await ScalarAsync(cluster.Server.SuperuserConnectionString(), "SELECT 1"));
    }

    [Fact]
    public async Task StartAsync_WhenMakingWasInterrupted_BeginsAgain()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        await cluster.Server.StopAsync();
        File.Delete(Path.Combine(cluster.Server.Folder, "made"));
        File.Delete(Path.Combine(cluster.Server.Folder, "data", "postgresql.conf"));

        await cluster.RestartAsync();

        Assert.Equal(1, await ScalarAsync(cluster.Server.SuperuserConnectionString(), "SELECT 1"));
    }

    [Fact]
    public async Task StartAsync_WhenThePortIsTaken_SaysSo()
    {
        await using var first = await PrivateCluster.StartAsync();
        var folder = first.Server.Folder + "-second";
        var options = new PostgresClusterOptions { Folder = folder, SuperuserPassword = "irrelevant", Port = first.Server.Port };
        try
        {
            var refused = await Assert.ThrowsAsync<ClusterException>(() => PostgresCluster.StartAsync(options));
            Assert.Contains("Address already in use", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task LocateAsync_WhenTheServersAccountCannotReachTheFolder_ChoosesOneItCan()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            Assert.Skip("concerns root only: anyone else runs the server as themselves");
            return;
        }

        var closed = Directory.CreateTempSubdirectory("securebank-closed").FullName;
        try
        {
            var located = await PostgresCluster.LocateAsync(Path.Combine(closed, "postgres"));
            Assert.StartsWith("/var/lib/securebank/", located, StringComparison.Ordinal);
            Assert.Equal(located, await PostgresCluster.LocateAsync(Path.Combine(closed, "postgres")));

            File.SetUnixFileMode(closed, File.GetUnixFileMode(closed) | UnixFileMode.OtherExecute);
            Assert.Equal(Path.Combine(closed, "postgres"), await PostgresCluster.LocateAsync(Path.Combine(closed, "postgres")));
        }
        finally
        {
            Directory.Delete(closed);
        }
    }

    [Fact]
    public async Task Watchdog_StopsTheServerWithItsLastUser()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        var folder = cluster.Server.Folder;
        var second = await PostgresWatchdog.StartAsync(folder);
        await second.DisposeAsync();
        Assert.NotNull(PostgresCluster.ServerProcessId(folder));

        var third = await PostgresWatchdog.StartAsync(folder);
        await cluster.ReleaseAsync();
        Assert.NotNull(PostgresCluster.ServerProcessId(folder));

        await third.DisposeAsync();
        Assert.Null(PostgresCluster.ServerProcessId(folder));
    }

    private static Task<object?> ScalarAsync(string connectionString, string statement) => TestDatabaseTests.ScalarAsync(connectionString, statement);
}
