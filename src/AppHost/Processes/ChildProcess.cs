using System.Diagnostics;

namespace AppHost.Processes;

/// <summary>What a child process is started with.</summary>
/// <param name="Name">Names it to people and names its log.</param>
/// <param name="Assembly">The .NET program to run.</param>
/// <param name="Arguments">Its command line.</param>
/// <param name="WorkingFolder">Where it runs.</param>
/// <param name="Environment">Its configuration, on top of what it inherits.</param>
internal sealed record ChildProcessStart(
    string Name,
    string Assembly,
    IReadOnlyList<string> Arguments,
    string WorkingFolder,
    IReadOnlyDictionary<string, string> Environment);

/// <summary>
/// A process of ours under supervision: its output goes to a log file, and it lives no longer than this process,
/// because it stops when its standard input ends and only this process holds the other end of that pipe.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>How many logs of earlier runs are kept beside the current one, as NAME.log.1 and so on.</summary>
    public const int OldLogsKept = 4;

    // Configuration a developer may have set for something else; a child gets what is meant for it and no more.
    private static readonly string[] OwnedPrefixes =
    [
        "ASPNETCORE_", "DOTNET_ENVIRONMENT", "URLS", "HTTP_PORTS", "HTTPS_PORTS", "Kestrel__",
        "ConnectionStrings__", "Clients__", "Encryption__", "Events__", "Passkeys__", "Fraud__", "BankingApi__",
        "DirectLine__", "Understanding__", "Bank__", "Assistant__", "Supervisor__",
    ];

    private readonly Process _process;
    private readonly Task _pump;

    private ChildProcess(ChildProcessStart start, Process process, string logFile, Task pump)
    {
        (Name, LogFile) = (start.Name, logFile);
        (_process, _pump) = (process, pump);
        Exited = WaitAsync();
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Where its output goes.</summary>
    public string LogFile { get; }

    /// <summary>Its process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Ends with the process and its output; gives the exit code.</summary>
    public Task<int> Exited { get; }

    /// <summary>Starts a child, with its output in <c>logFolder/name.log</c>.</summary>
    /// <param name="child">What to start.</param>
    /// <param name="logFolder">Where its log goes.</param>
    /// <param name="said">Told each line of its standard output as well.</param>
    public static ChildProcess Start(ChildProcessStart child, string logFolder, IProgress<string>? said = null)
    {
        var start = new ProcessStartInfo(DotnetHost.Path, ["exec", child.Assembly, .. child.Arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = child.WorkingFolder,
        };
        foreach (var inherited in start.Environment.Keys.Where(IsOwned).ToList())
        {
            start.Environment.Remove(inherited);
        }

        foreach (var (name, value) in child.Environment)
        {
            start.Environment[name] = value;
        }

        var logFile = Rotate(logFolder, child.Name);
        var log = TextWriter.Synchronized(new StreamWriter(logFile) { AutoFlush = true });
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{child.Name} did not start.");
        return new ChildProcess(child, process, logFile, PumpAsync(process, log, said));
    }

    /// <summary>The last lines of its log, for a message that says why it ended.</summary>
    public async Task<string> LastLinesAsync(int count)
    {
        await _pump;
        return string.Join(Environment.NewLine, (await File.ReadAllLinesAsync(LogFile)).TakeLast(count));
    }

    /// <summary>Asks it to stop by ending its standard input, waits, and kills it when it does not.</summary>
    /// <returns>Whether it stopped by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        _process.StandardInput.Close();
        try
        {
            await Exited.WaitAsync(timeout);
            return true;
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
        }

        _process.Dispose();
    }

    private static bool IsOwned(string variable) => OwnedPrefixes.Any(prefix => variable.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    private static string Rotate(string folder, string name)
    {
        PrivateFile.CreateFolder(folder);
        var current = Path.Combine(folder, name + ".log");
        for (var age = OldLogsKept; age >= 1; age--)
        {
            var newer = age == 1 ? current : $"{current}.{age - 1}";
            if (File.Exists(newer))
            {
                File.Move(newer, $"{current}.{age}", overwrite: true);
            }
        }

        return current;
    }

    private static async Task PumpAsync(Process process, TextWriter log, IProgress<string>? said)
    {
        await using (log)
        {
            await Task.WhenAll(CopyAsync(process.StandardOutput, log, said), CopyAsync(process.StandardError, log, said: null));
        }
    }

    private static async Task CopyAsync(StreamReader from, TextWriter to, IProgress<string>? said)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            await to.WriteLineAsync(line);
            said?.Report(line);
        }
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        await _pump;
        return _process.ExitCode;
    }
}
