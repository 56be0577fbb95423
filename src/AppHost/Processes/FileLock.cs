using System.Diagnostics;

namespace AppHost.Processes;

/// <summary>Locks between processes, on a file that stays. The system releases them with the process, however it ends.</summary>
internal static class FileLock
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Takes the file for oneself alone, or returns null when another process has it.</summary>
    public static FileStream? TryAcquire(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Waits for the file for oneself alone.</summary>
    /// <exception cref="TimeoutException">Another process keeps it.</exception>
    public static Task<FileStream> AcquireAsync(string path, TimeSpan timeout, CancellationToken cancellationToken) =>
        RetryAsync(() => TryAcquire(path), path, timeout, cancellationToken);

    /// <summary>Waits for the file together with others who share it.</summary>
    /// <exception cref="TimeoutException">Another process keeps it for itself.</exception>
    public static Task<FileStream> AcquireSharedAsync(string path, TimeSpan timeout, CancellationToken cancellationToken) =>
        RetryAsync(() => TryAcquireShared(path), path, timeout, cancellationToken);

    private static FileStream? TryAcquireShared(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private static async Task<FileStream> RetryAsync(Func<FileStream?> take, string path, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (take() is { } taken)
            {
                return taken;
            }

            if (clock.Elapsed > timeout)
            {
                throw new TimeoutException($"{path} stayed locked by another process for {timeout.TotalSeconds:0} seconds.");
            }

            await Task.Delay(RetryDelay, cancellationToken);
        }
    }
}
