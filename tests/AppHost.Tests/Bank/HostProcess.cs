using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AppHost.Postgres;
using AppHost.Processes;
using Testing;

namespace AppHost.Tests.Bank;

/// <summary>The real host as a process of its own, running the processes of FakeServices.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    // Ends a wait for what does not come; a machine busy with other things is no defect.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Task _reading;

    private HostProcess(Process process, string data, int port)
    {
        (_process, Data, Port) = (process, data, port);
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public string Data { get; }

    public int Port { get; }

    public string Output => string.Join('\n', _lines);

    public Uri Web => new($"http://localhost:{Port}");

    public Uri Api => new($"http://localhost:{Port + 1}");

    public int ProcessId => _process.Id;

    /// <summary>A new data folder which the database server's account can reach, below artifacts.</summary>
    public static string NewData() => RepositoryFolder.Combine("artifacts", "test-data-" + Path.GetRandomFileName());

    /// <summary>The first of four ports in a row that are free.</summary>
    public static int FreePorts()
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

    public static HostProcess Start(string data, int? port = null, params string[] options)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = RepositoryFolder.Combine("artifacts", "bin", "FakeServices", configuration, "FakeServices.dll");
        var first = port ?? FreePorts();
        var start = new ProcessStartInfo(DotnetHost.Path, ["exec", program, "host", data, first.ToString(CultureInfo.InvariantCulture), .. options])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["ConnectionStrings__BankOwner"] = "of something else on this machine";
        return new HostProcess(Process.Start(start)!, data, first);
    }

    public static async Task<HostProcess> StartReadyAsync(string data, int? port = null, params string[] options)
    {
        var host = Start(data, port, options);
        await Wait.UntilAsync(() => host._process.HasExited || host._lines.Contains("ready"), Patience);
        Assert.True(host._lines.Contains("ready"), host.Output);
        return host;
    }

    public async Task SignalAsync(string signal)
    {
        var sent = await Command.RunAsync("kill", ["-s", signal, ProcessId.ToString(CultureInfo.InvariantCulture)]);
        Assert.Equal(0, sent.ExitCode);
    }

    public void Kill() => _process.Kill(entireProcessTree: false);

    public async Task<int> ExitAsync()
    {
        await Wait.UntilAsync(() => _process.HasExited, Patience);
        await _reading.WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Ends the host if it still runs, waits for its database to be gone, and deletes the data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
        if (!Directory.Exists(Data))
        {
            // Another host on the same data was there after this one, and has cleaned up.
            return;
        }

        var cluster = await PostgresCluster.LocateAsync(Path.Combine(Data, "postgres"));
        await Wait.UntilAsync(() => PostgresCluster.ServerProcessId(cluster) is null, Patience);
        await using (await FileLock.AcquireAsync(cluster + ".users", Patience, CancellationToken.None))
        {
        }

        Directory.Delete(Data, recursive: true);
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

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
        }
    }
}
