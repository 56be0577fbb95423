using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AppHost.Postgres;
using Testing;

namespace AppHost.Tests.Bank;

public sealed class RunBankTests : IDisposable
{
    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Run_WhenToldToStop_StopsEverythingInOrder()
    {
        await using var host = await HostProcess.StartReadyAsync(HostProcess.NewData());
        var processes = await ProcessesOfAsync(host);
        Assert.EndsWith("\nready", host.Output, StringComparison.Ordinal);

        await host.SignalAsync("TERM");

        Assert.Equal(0, await host.ExitAsync());
        Assert.DoesNotContain(processes, IsAlive);
        string[] stops = ["Stopping fake-web", "Stopping fake-api", "Stopping the database"];
        Assert.Equal(stops, host.Output.Split('\n').Where(line => line.StartsWith("Stopping", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_WhenKilled_LeavesNothingBehindAndLosesNothing()
    {
        var data = HostProcess.NewData();
        int port;
        string secrets;
        await using (var host = await HostProcess.StartReadyAsync(data))
        {
            port = host.Port;
            secrets = await File.ReadAllTextAsync(Path.Combine(data, "secrets.json"));
            var processes = await ProcessesOfAsync(host);
            Assert.Equal("1", await _http.GetStringAsync(new Uri(host.Api, "starts")));

            host.Kill();

            await host.ExitAsync();
            await Wait.UntilAsync(() => !processes.Any(IsAlive));
            if (OperatingSystem.IsLinux())
            {
                await Wait.UntilAsync(() => !CommandLines().Any(line => line.Contains(data, StringComparison.Ordinal)));
            }

            await using var again = await HostProcess.StartReadyAsync(data, port);
            Assert.Equal("2", await _http.GetStringAsync(new Uri(again.Api, "starts")));
            Assert.Equal(secrets, await File.ReadAllTextAsync(Path.Combine(data, "secrets.json")));
            Assert.True(File.Exists(Path.Combine(data, "logs", "fake-api.log.1")));
        }
    }

    [Fact]
    public async Task Run_WhenStartedRightAfterAKill_WaitsForTheOldOneToBeGone()
    {
        var data = HostProcess.NewData();
        await using var host = await HostProcess.StartReadyAsync(data);
        host.Kill();
        await using var again = await HostProcess.StartReadyAsync(data, host.Port);
        Assert.Equal("2", await _http.GetStringAsync(new Uri(again.Api, "starts")));
    }

    [Fact]
    public async Task Run_WhenAChildDies_SaysWhichAndWhyAndStopsTheRest()
    {
        await using var host = await HostProcess.StartReadyAsync(HostProcess.NewData());
        var processes = await ProcessesOfAsync(host);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _http.PostAsync(new Uri(host.Web, "die/7"), content: null));

        Assert.Equal(1, await host.ExitAsync());
        Assert.Contains("fake-web ended with exit code 7", host.Output, StringComparison.Ordinal);
        Assert.Contains("the disk is on fire", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(processes, IsAlive);
    }

    [Fact]
    public async Task Run_WhenAMigrationFails_SaysWhyAndStartsNothing()
    {
        await using var host = HostProcess.Start(HostProcess.NewData(), port: null, "--failing-preparation");
        Assert.Equal(1, await host.ExitAsync());
        Assert.Contains("migrate ended with exit code 3", host.Output, StringComparison.Ordinal);
        Assert.Contains("migration 7 does not apply", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ready", host.Output.Split('\n'));
    }

    [Fact]
    public async Task Run_WhenTheDataFolderIsInUse_RefusesAndDisturbsNothing()
    {
        await using var host = await HostProcess.StartReadyAsync(HostProcess.NewData());

        var second = HostProcess.Start(host.Data);
        Assert.Equal(2, await second.ExitAsync());
        Assert.Contains("already running", second.Output, StringComparison.Ordinal);

        var reset = HostProcess.Start(host.Data, port: null, "--reset");
        Assert.Equal(2, await reset.ExitAsync());
        Assert.Equal("1", await _http.GetStringAsync(new Uri(host.Api, "starts")));
    }

    [Theory]
    [InlineData(0, "the web pages")]
    [InlineData(1, "the bank's API")]
    [InlineData(3, "the database")]
    public async Task Run_WhenAPortIsTaken_NamesItBeforeAnythingStarts(int offset, string use)
    {
        var port = HostProcess.FreePorts();
        using var other = new TcpListener(IPAddress.Loopback, port + offset);
        other.Start();

        await using var host = HostProcess.Start(HostProcess.NewData(), port);

        Assert.Equal(1, await host.ExitAsync());
        Assert.Contains($"Port {(port + offset).ToString(CultureInfo.InvariantCulture)} is in use, and {use}", host.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(await PostgresCluster.LocateAsync(Path.Combine(host.Data, "postgres"))));
    }

    [Fact]
    public async Task Run_GivesChildrenOnlyWhatIsMeantForThem()
    {
        await using var host = await HostProcess.StartReadyAsync(HostProcess.NewData());

        var given = await _http.GetStringAsync(new Uri(host.Api, "environment/ConnectionStrings__Bank"));
        Assert.Contains("bank_app", given, StringComparison.Ordinal);
        Assert.Empty(await _http.GetStringAsync(new Uri(host.Api, "environment/ConnectionStrings__BankOwner")));
        if (!OperatingSystem.IsWindows())
        {
            var open = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(host.Data) & open);
        }
    }

    [Fact]
    public async Task Run_WhenTheFolderIsNotOurs_TouchesNothing()
    {
        var data = Directory.CreateTempSubdirectory("securebank-foreign").FullName;
        var letter = Path.Combine(data, "letter.txt");
        await File.WriteAllTextAsync(letter, "dear");
        var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(data);

        foreach (var options in new string[][] { [], ["--reset"] })
        {
            var host = HostProcess.Start(data, port: null, options);
            Assert.Equal(1, await host.ExitAsync());
            Assert.Contains("not this bank's", host.Output, StringComparison.Ordinal);
        }

        Assert.Equal([letter], Directory.EnumerateFileSystemEntries(data));
        Assert.Equal(mode, OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(data));
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Run_WithReset_BeginsANewBank()
    {
        var data = HostProcess.NewData();
        await using var host = await HostProcess.StartReadyAsync(data);
        var secrets = await File.ReadAllTextAsync(Path.Combine(data, "secrets.json"));
        await host.SignalAsync("TERM");
        await host.ExitAsync();

        await using var again = await HostProcess.StartReadyAsync(data, host.Port, "--reset");

        Assert.Equal("1", await _http.GetStringAsync(new Uri(again.Api, "starts")));
        Assert.NotEqual(secrets, await File.ReadAllTextAsync(Path.Combine(data, "secrets.json")));
    }

    private async Task<int[]> ProcessesOfAsync(HostProcess host)
    {
        var cluster = await PostgresCluster.LocateAsync(Path.Combine(host.Data, "postgres"));
        return
        [
            host.ProcessId,
            int.Parse(await _http.GetStringAsync(new Uri(host.Api, "pid")), CultureInfo.InvariantCulture),
            int.Parse(await _http.GetStringAsync(new Uri(host.Web, "pid")), CultureInfo.InvariantCulture),
            PostgresCluster.ServerProcessId(cluster)!.Value,
        ];
    }

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static IEnumerable<string> CommandLines()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string line;
            try
            {
                line = File.ReadAllText(Path.Combine(folder, "cmdline"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return line;
        }
    }
}
