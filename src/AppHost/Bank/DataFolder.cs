using AppHost.Postgres;
using AppHost.Processes;

namespace AppHost.Bank;

/// <summary>
/// The folder that holds everything of one bank on this machine: database, secrets, demo logins, logs. One host at a
/// time works on it. A marker file says that the folder is ours; without it nothing there is changed or deleted.
/// </summary>
internal sealed class DataFolder : IAsyncDisposable
{
    private const string Marker = ".securebank-data";
    private const string LockName = "lock";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    /// <summary>The full path.</summary>
    public string Path { get; }

    public string LogFolder => System.IO.Path.Combine(Path, "logs");

    public string SecretsFile => System.IO.Path.Combine(Path, "secrets.json");

    public string DemoLoginsFile => DemoLoginsFileOf(Path);

    /// <summary>Where the database is asked for; see <see cref="PostgresCluster.LocateAsync"/>.</summary>
    public string ClusterFolder => System.IO.Path.Combine(Path, "postgres");

    /// <summary>The default: <c>.securebank</c> at the root of the repository, which git ignores.</summary>
    public static string Default => System.IO.Path.Combine(Repository.Root, ".securebank");

    public static string DemoLoginsFileOf(string dataFolder) => System.IO.Path.Combine(dataFolder, "demo-logins.json");

    /// <summary>Opens the folder for this host alone, and makes it when it is missing.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="reset">Whether everything in it is deleted first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HostException">It is in use, or holds something that is not ours.</exception>
    public static async Task<DataFolder> OpenAsync(string path, bool reset, CancellationToken cancellationToken)
    {
        path = System.IO.Path.GetFullPath(path);
        var marker = System.IO.Path.Combine(path, Marker);
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !File.Exists(marker))
        {
            throw new HostException($"{path} has files in it that are not this bank's (there is no {Marker}): choose an empty or a new folder with --data.");
        }

        if (!File.Exists(marker))
        {
            PrivateFile.CreateFolder(path);
            await ServiceAccount.Choose().LetThroughAsync(path, cancellationToken);
            await PrivateFile.WriteAsync(marker, "The data of a SecureBank run on this machine. 'dotnet run --project src/AppHost -- --reset' deletes what is in this folder.\n", cancellationToken);
        }

        var folder = new DataFolder(path, FileLock.TryAcquire(System.IO.Path.Combine(path, LockName))
            ?? throw new HostException($"The bank in {path} is already running: stop that one first, or start a second bank with another --data and --port.", HostException.AlreadyRunning));
        if (reset)
        {
            await folder.ResetAsync(cancellationToken);
        }

        return folder;
    }

    public ValueTask DisposeAsync() => _lock.DisposeAsync();

    private async Task ResetAsync(CancellationToken cancellationToken)
    {
        var cluster = await PostgresCluster.LocateAsync(ClusterFolder, cancellationToken);
        await PostgresCluster.StopAsync(cluster, cancellationToken);
        if (Directory.Exists(cluster))
        {
            Directory.Delete(cluster, recursive: true);
        }

        foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos().Where(entry => entry.Name is not (Marker or LockName)))
        {
            if (entry is DirectoryInfo folder && folder.LinkTarget is null)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }
}
