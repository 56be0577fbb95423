using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AppHost.Postgres;
using Microsoft.Playwright;
using Testing;

[assembly: AssemblyFixture(typeof(EndToEnd.RunningBank))]

namespace EndToEnd;

/// <summary>A way into the demo bank, as the run command writes it.</summary>
public sealed record Login(string User, string Role, string Password, string TotpSecret, string Page);

/// <summary>The bank as the run command starts it, once for all journeys, and the browser they use. Each journey is a visitor of its own.</summary>
public sealed class RunningBank : IAsyncLifetime
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(4);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly string _data = RepositoryFolder.Combine("artifacts", "test-data-" + Path.GetRandomFileName());
    private readonly ConcurrentDictionary<string, Authenticator> _authenticators = new(StringComparer.Ordinal);

    private Process? _host;
    private IPlaywright? _playwright;
    private IReadOnlyList<Login> _logins = [];

    /// <summary>Where the pages are.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The browser; each visitor gets a profile of its own in it.</summary>
    public IBrowser Browser { get; private set; } = null!;

    /// <summary>A demo user's login.</summary>
    public Login LoginOf(string user) => _logins.Single(login => login.User == user);

    /// <summary>A demo user's authenticator app; one for all journeys, since the bank takes each code once.</summary>
    public Authenticator AuthenticatorOf(string user) => _authenticators.GetOrAdd(user, name => new Authenticator(LoginOf(name).TotpSecret));

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var chromium = await Chromium.EnsureAsync();
        await StartHostAsync();
        // Long, since a slow machine is no defect.
        Assertions.SetDefaultExpectTimeout(30_000);
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            // Chromium refuses its sandbox as root. The rest keeps it from talking to anybody but the bank.
            Args =
            [
                .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>(),
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
            ],
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
        foreach (var authenticator in _authenticators.Values)
        {
            authenticator.Dispose();
        }

        if (_host is not null)
        {
            if (!_host.HasExited)
            {
                // The host's own promise: nothing it started survives it.
                _host.Kill();
                await _host.WaitForExitAsync();
            }

            _host.Dispose();
        }

        if (Directory.Exists(_data))
        {
            var cluster = await PostgresCluster.LocateAsync(Path.Combine(_data, "postgres"));
            await Wait.UntilAsync(() => PostgresCluster.ServerProcessId(cluster) is null);
            Directory.Delete(_data, recursive: true);
        }
    }

    private async Task StartHostAsync()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var port = FreePorts();
        Address = new Uri($"http://localhost:{port}");
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["exec", RepositoryFolder.Combine("artifacts", "bin", "AppHost", configuration, "AppHost.dll"), "--data", _data, "--port", port.ToString(CultureInfo.InvariantCulture), "--no-browser"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        _host = Process.Start(start)!;
        _host.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _host.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _host.BeginOutputReadLine();
        _host.BeginErrorReadLine();
        await Wait.UntilAsync(() => _host.HasExited || _output.Contains("ready"), StartTimeout);
        Assert.True(!_host.HasExited && _output.Contains("ready"), string.Join('\n', _output));
        await using var stream = File.OpenRead(Path.Combine(_data, "demo-logins.json"));
        _logins = (await JsonSerializer.DeserializeAsync<List<Login>>(stream, JsonSerializerOptions.Web))!;
    }

    // The host takes four ports in a row.
    private static int FreePorts()
    {
        while (true)
        {
            var first = PostgresCluster.FreePort();
            if (Enumerable.Range(first, 4).All(port => port < 65536 && CanListen(port)))
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
}
