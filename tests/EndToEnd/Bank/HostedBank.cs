using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AppHost.Bank;
using AppHost.Demo;
using AppHost.Postgres;
using AppHost.Processes;
using Banking.Client;
using Npgsql;
using Testing;

namespace EndToEnd.Bank;

/// <summary>The whole bank as its run command starts it: the host, a private durable PostgreSQL, the API, the assistant and the pages, each a process.</summary>
internal sealed class HostedBank : IAsyncDisposable
{
    public const string BankingApi = "Banking.Api";
    public const string AssistantBot = "Assistant.Bot";
    public const string BankWeb = "Bank.Web";

    // A cold start builds a year of history.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    private readonly Ports _ports;
    private Process _host;
    private ConcurrentQueue<string> _lines = new();
    private Task _reading;

    private HostedBank(string data, Ports ports, Process host)
    {
        (Data, _ports, _host) = (data, ports, host);
        _reading = Task.WhenAll(ReadAsync(host.StandardOutput, _lines), ReadAsync(host.StandardError, _lines));
    }

    /// <summary>The data folder.</summary>
    public string Data { get; }

    public Uri Web => Ports.Address(_ports.Web);

    public Uri Api => Ports.Address(_ports.Api);

    public Uri Assistant => Ports.Address(_ports.Bot);

    /// <summary>The channel's address as the assistant itself serves it.</summary>
    public Uri DirectLine => new(Assistant, "v3/directline");

    /// <summary>What the host has said since it was started last.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>The host's process.</summary>
    public int HostProcessId => _host.Id;

    /// <summary>The program of one of the bank's projects, built in the configuration of these tests.</summary>
    public static string ProgramOf(string project)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return RepositoryFolder.Combine("artifacts", "bin", project, configuration, project + ".dll");
    }

    /// <summary>Starts a new bank on free ports and waits until it is ready.</summary>
    public static async Task<HostedBank> StartAsync()
    {
        var data = RepositoryFolder.Combine("artifacts", "test-bank-" + Path.GetRandomFileName());
        var ports = new Ports(FreePorts());
        var bank = new HostedBank(data, ports, StartHost(data, ports));
        try
        {
            await bank.UntilReadyAsync();
            return bank;
        }
        catch
        {
            await bank.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the bank again on the same data and ports, after its host has ended.</summary>
    public async Task StartAgainAsync()
    {
        _host.Dispose();
        _host = StartHost(Data, _ports);
        _lines = new ConcurrentQueue<string>();
        _reading = Task.WhenAll(ReadAsync(_host.StandardOutput, _lines), ReadAsync(_host.StandardError, _lines));
        await UntilReadyAsync();
    }

    /// <summary>Waits for the host to end; gives its exit code.</summary>
    public async Task<int> HostExitAsync()
    {
        await Wait.UntilAsync(() => _host.HasExited, StopTimeout, "the host ends; it said:\n" + Output);
        await _reading.WaitAsync(TimeSpan.FromSeconds(10));
        return _host.ExitCode;
    }

    /// <summary>The process id of the database server.</summary>
    public async Task<int> ServerProcessIdAsync() =>
        PostgresCluster.ServerProcessId(await ClusterFolderAsync()) ?? throw new InvalidOperationException("The database server does not run.");

    /// <summary>A secret of this bank, as the host generated it.</summary>
    public async Task<string> SecretAsync(string name) => (await Secrets.LoadAsync(Path.Combine(Data, "secrets.json"), CancellationToken.None))[name];

    /// <summary>A way into the demo bank.</summary>
    public async Task<DemoLogin> LoginAsync(string user) => (await DemoLogins.ReadAsync(Data, CancellationToken.None)).Single(login => login.User == user);

    /// <summary>The API as the pages' process calls it.</summary>
    public async Task<BankingApiClient> ApiClientAsync()
    {
        var http = new HttpClient { BaseAddress = Api, Timeout = TimeSpan.FromSeconds(20) };
        BankingApiClient.AddClientCredential(http, "web", await SecretAsync(Secrets.WebClient));
        return new BankingApiClient(http);
    }

    /// <summary>The database, as the superuser: for looking.</summary>
    public async Task<NpgsqlConnection> OpenDatabaseAsync(DatabaseLayout database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = _ports.Postgres,
            Database = database.Name,
            Username = PostgresCluster.Superuser,
            Password = await SecretAsync(Secrets.PostgresSuperuser),
            Pooling = false,
        }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Runs the API's <c>verify</c> command on the running bank, with the connection the API itself has.</summary>
    public async Task<CommandResult> VerifyAsync()
    {
        var secrets = await Secrets.LoadAsync(Path.Combine(Data, "secrets.json"), CancellationToken.None);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = _ports.Postgres,
            Database = DatabaseLayout.Bank.Name,
            Username = DatabaseLayout.Bank.App,
            Password = secrets.Role(DatabaseLayout.Bank.App),
        };
        return await Command.RunAsync(
            DotnetHost.Path,
            ["exec", ProgramOf(BankingApi), "verify"],
            environment: new Dictionary<string, string> { ["ConnectionStrings__Bank"] = connection.ConnectionString, ["ASPNETCORE_ENVIRONMENT"] = "Development" });
    }

    /// <summary>What its processes wrote last, for the message of a failed test.</summary>
    public string Logs(int lines = 20) => string.Join('\n', new[] { BankingApi, AssistantBot, BankWeb }
        .Select(name => Path.Combine(Data, "logs", name + ".log"))
        .Where(File.Exists)
        .Select(file => $"--- {file}\n{string.Join('\n', File.ReadAllLines(file).TakeLast(lines))}"));

    /// <summary>Ends the bank and deletes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_host.HasExited)
        {
            // As Ctrl+C does, so that the database is stopped in order.
            await Command.RunAsync("kill", ["-s", "TERM", HostProcessId.ToString(CultureInfo.InvariantCulture)]);
            try
            {
                await _host.WaitForExitAsync().WaitAsync(StopTimeout);
            }
            catch (TimeoutException)
            {
                _host.Kill();
            }
        }

        _host.Dispose();
        var cluster = await ClusterFolderAsync();
        await Wait.UntilAsync(() => PostgresCluster.ServerProcessId(cluster) is null);
        await using (await FileLock.AcquireAsync(cluster + ".users", TimeSpan.FromSeconds(30), CancellationToken.None))
        {
        }

        if (Directory.Exists(cluster))
        {
            Directory.Delete(cluster, recursive: true);
        }

        Directory.Delete(Data, recursive: true);
    }

    private static Process StartHost(string data, Ports ports)
    {
        var start = new ProcessStartInfo(
            DotnetHost.Path,
            ["exec", ProgramOf("AppHost"), "--data", data, "--port", ports.Web.ToString(CultureInfo.InvariantCulture), "--no-browser"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    private static int FreePorts()
    {
        while (true)
        {
            var first = PostgresCluster.FreePort();
            if (Enumerable.Range(first, 4).All(port => port <= System.Net.IPEndPoint.MaxPort && CanListen(port)))
            {
                return first;
            }
        }
    }

    private static bool CanListen(int port)
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static async Task ReadAsync(StreamReader reader, ConcurrentQueue<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
        }
    }

    private Task<string> ClusterFolderAsync() => PostgresCluster.LocateAsync(Path.Combine(Data, "postgres"));

    private async Task UntilReadyAsync()
    {
        await Wait.UntilAsync(() => _host.HasExited || _lines.Contains(Screen.ReadyLine), StartTimeout, "the bank is ready");
        if (_host.HasExited)
        {
            await _reading.WaitAsync(TimeSpan.FromSeconds(10));
        }

        Assert.True(_lines.Contains(Screen.ReadyLine), Output);
    }
}
