using System.Diagnostics;
using System.Runtime.InteropServices;
using AppHost.Processes;

namespace AppHost.Postgres;

/// <summary>
/// Stops a cluster when its last user is gone, however that user ended. PostgreSQL detaches from whoever starts it,
/// so nothing would stop it after a SIGKILL of the host. The watchdog is this program run again: it reads its
/// standard input, a pipe only the user holds, and the system closes that pipe with the user's process.
/// </summary>
/// <remarks>
/// Users share a cluster through a lock file beside its folder: each watchdog holds a shared lock while its user
/// lives. It then lets go and tries for the exclusive lock, which only the last one gets; a newcomer waits for
/// its shared lock until that one has stopped the server.
/// </remarks>
public sealed class PostgresWatchdog : IAsyncDisposable
{
    /// <summary>The hidden command under which the program is its own watchdog.</summary>
    internal const string CommandName = "watch-postgres";

    private const string Watching = "watching";
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private bool _disposed;

    private PostgresWatchdog(Process process) => _process = process;

    /// <summary>The watchdog's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts a watchdog for this process; returns once it watches. Start the cluster after that.</summary>
    /// <param name="clusterFolder">The cluster's folder, as <see cref="PostgresCluster.LocateAsync"/> gives it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The watchdog does not start.</exception>
    public static async Task<PostgresWatchdog> StartAsync(string clusterFolder, CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(DotnetHost.Path, ["exec", DotnetHost.Self, CommandName, clusterFolder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var process = Process.Start(start) ?? throw new ClusterException("The database watchdog did not start.");
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        if (await process.StandardOutput.ReadLineAsync(cancellationToken) != Watching)
        {
            throw new ClusterException($"The database watchdog did not start: {await error}");
        }

        return new PostgresWatchdog(process);
    }

    /// <summary>Ends the use of the cluster; returns when the server has stopped, or others still use it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    /// <summary>The watchdog itself: watches until standard input ends, then stops the server if nobody else uses it.</summary>
    internal static async Task<int> WatchAsync(string clusterFolder)
    {
        // Ctrl+C reaches every process of the terminal; the host stops in order and lets the watchdog go last.
        static void Ignore(PosixSignalContext signal) => signal.Cancel = true;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ignore);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ignore);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Ignore);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Ignore);

        var lockFile = clusterFolder + ".users";
        Directory.CreateDirectory(Path.GetDirectoryName(lockFile)!);
        await using (await FileLock.AcquireSharedAsync(lockFile, LockTimeout, CancellationToken.None))
        {
            await Console.Out.WriteLineAsync(Watching);
            await Console.Out.FlushAsync();
            await Console.OpenStandardInput().CopyToAsync(Stream.Null);
        }

        await using var last = FileLock.TryAcquire(lockFile);
        if (last is not null)
        {
            await PostgresCluster.StopAsync(clusterFolder);
        }

        return 0;
    }
}
