using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using AppHost.Processes;
using Npgsql;

namespace AppHost.Postgres;

/// <summary>How a private cluster is made and started.</summary>
public sealed record PostgresClusterOptions
{
    /// <summary>The cluster's folder; made with mode 0700 when it is missing.</summary>
    public required string Folder { get; init; }

    /// <summary>The superuser's password; it is set when the cluster is made and must stay the same afterwards.</summary>
    public required string SuperuserPassword { get; init; }

    /// <summary>The TCP port on 127.0.0.1, or 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>The programs to serve it with, or null for the first fitting ones that <see cref="PostgresBinaries.FindAsync"/> finds.</summary>
    public PostgresBinaries? Binaries { get; init; }

    /// <summary>Server settings (postgresql.conf names) on top of the defaults, applied at every start.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Whether a server that already runs on this folder is used as it is. Otherwise it is taken for an orphan
    /// of an earlier run and stopped first.
    /// </summary>
    public bool AttachToRunning { get; init; }
}

/// <summary>
/// A PostgreSQL server of our own: its own data folder, generated password (SCRAM only), data checksums, and
/// no way in but TCP on the loopback interface.
/// </summary>
public sealed class PostgresCluster
{
    /// <summary>The name of the superuser. It never serves a request; it makes roles and databases.</summary>
    public const string Superuser = "postgres";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);
    private static readonly string[] StopModes = ["fast", "immediate"];
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly ServiceAccount _account;
    private readonly string _superuserPassword;

    private PostgresCluster(ServiceAccount account, PostgresBinaries binaries, string folder, string superuserPassword, int port, bool attached)
    {
        (_account, _superuserPassword) = (account, superuserPassword);
        (Binaries, Folder, Port, Attached) = (binaries, folder, port, attached);
    }

    /// <summary>The programs that serve it.</summary>
    public PostgresBinaries Binaries { get; }

    /// <summary>Where it really lives: the folder asked for, or one the server's account can reach (see <see cref="LocateAsync"/>).</summary>
    public string Folder { get; }

    /// <summary>The server's own log.</summary>
    public string LogFile => Path.Combine(Folder, "server.log");

    /// <summary>Its TCP port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Whether the server was running already and was left as it is.</summary>
    public bool Attached { get; }

    private string DataFolder => DataFolderOf(Folder);

    /// <summary>
    /// Where a cluster asked for under <paramref name="folder"/> lives. As root the server runs as another
    /// account; when that account cannot reach the folder (a checkout below /root, say), the cluster lives
    /// below /var/lib/securebank under a name derived from the folder.
    /// </summary>
    public static async Task<string> LocateAsync(string folder, CancellationToken cancellationToken = default)
    {
        var full = Path.GetFullPath(folder);
        if (await ServiceAccount.Choose().CanReachAsync(Path.GetDirectoryName(full)!, cancellationToken))
        {
            return full;
        }

        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(full)))[..16];
        return Path.Combine("/var/lib/securebank", key);
    }

    /// <summary>Makes the cluster when it is missing, and starts it.</summary>
    /// <exception cref="ClusterException">No PostgreSQL, an unusable folder, a taken port, or a server that does not start; the message says which.</exception>
    public static async Task<PostgresCluster> StartAsync(PostgresClusterOptions options, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        var account = ServiceAccount.Choose();
        var folder = await LocateAsync(options.Folder, cancellationToken);
        if (folder != Path.GetFullPath(options.Folder))
        {
            progress?.Report($"'{account.Name}' cannot reach {options.Folder}: the database files are in {folder}");
        }

        var binaries = options.Binaries ?? await PostgresBinaries.FindAsync(MajorVersionOf(folder), progress, cancellationToken);
        await account.CreateFolderAsync(folder, cancellationToken);

        if (RunningServer(folder) is { } running)
        {
            if (options.AttachToRunning)
            {
                return new PostgresCluster(account, binaries, folder, options.SuperuserPassword, running.Port, attached: true);
            }

            progress?.Report("Stopping a database server left over from an earlier run");
            await StopServerAsync(account, binaries, folder, cancellationToken);
        }

        await MakeAsync(account, binaries, folder, options.SuperuserPassword, progress, cancellationToken);
        ForgetReusedProcessId(folder);

        progress?.Report($"Starting PostgreSQL {binaries.Version}");
        var port = await StartServerAsync(account, binaries, folder, options, cancellationToken);
        return new PostgresCluster(account, binaries, folder, options.SuperuserPassword, port, attached: false);
    }

    /// <summary>Stops whatever server runs on a cluster folder; does nothing when none does.</summary>
    /// <param name="folder">The cluster's folder, as <see cref="Folder"/> gives it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ClusterException">The server does not stop.</exception>
    public static async Task StopAsync(string folder, CancellationToken cancellationToken = default)
    {
        if (RunningServer(folder) is null)
        {
            return;
        }

        var binaries = await PostgresBinaries.FindAsync(MajorVersionOf(folder), progress: null, cancellationToken);
        await StopServerAsync(ServiceAccount.Choose(), binaries, folder, cancellationToken);
    }

    /// <summary>Whether the server runs.</summary>
    public bool IsRunning => RunningServer(Folder) is not null;

    /// <summary>Waits for the server to end, however it does. It is no child of this process, so it has to be looked at.</summary>
    public async Task EndAsync(CancellationToken cancellationToken = default)
    {
        using var timer = new PeriodicTimer(LookEvery);
        do
        {
            if (!IsRunning)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>The last lines of its log.</summary>
    public string LastWords(int lines) => File.Exists(LogFile) ? LastLines(File.ReadAllText(LogFile), lines) : "";

    /// <summary>Stops the server: open sessions are ended, everything committed is on disk.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => StopServerAsync(_account, Binaries, Folder, cancellationToken);

    /// <summary>The connection string of a role to a database of this cluster.</summary>
    public string ConnectionString(string database, string user, string password) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = Port, Database = database, Username = user, Password = password }.ConnectionString;

    /// <summary>The superuser's connection string, without pooling so that it never keeps a database in use.</summary>
    public string SuperuserConnectionString(string database = "postgres") =>
        new NpgsqlConnectionStringBuilder(ConnectionString(database, Superuser, _superuserPassword)) { Pooling = false }.ConnectionString;

    /// <summary>The process id of the server that runs on a cluster folder, or null when none does.</summary>
    public static int? ServerProcessId(string folder) => RunningServer(folder)?.ProcessId;

    /// <summary>A TCP port of 127.0.0.1 that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string DataFolderOf(string folder) => Path.Combine(folder, "data");

    private static int? MajorVersionOf(string folder)
    {
        var file = Path.Combine(DataFolderOf(folder), "PG_VERSION");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture) : null;
    }

    private static async Task MakeAsync(ServiceAccount account, PostgresBinaries binaries, string folder, string superuserPassword, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var data = DataFolderOf(folder);
        if (File.Exists(Path.Combine(data, "PG_VERSION")) && File.Exists(Path.Combine(folder, "made")))
        {
            return;
        }

        progress?.Report("Making a private PostgreSQL cluster");
        if (Directory.Exists(data))
        {
            // Without the mark that initdb ended, nothing was ever stored here.
            Directory.Delete(data, recursive: true);
        }

        var passwordFile = Path.Combine(folder, "password");
        await account.WriteSecretAsync(passwordFile, superuserPassword + "\n", cancellationToken);
        try
        {
            List<string> arguments = ["-D", data, "-U", Superuser, "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--data-checksums", .. LocaleArguments(binaries)];
            var made = await account.RunAsync(binaries.Program("initdb"), arguments, cancellationToken: cancellationToken);
            if (made.ExitCode != 0)
            {
                throw new ClusterException($"initdb could not make a cluster in {data}: {made.Text}");
            }
        }
        finally
        {
            File.Delete(passwordFile);
        }

        await account.WriteSecretAsync(Path.Combine(folder, "made"), "", cancellationToken);
    }

    // Byte order with UTF-8 character classes, the same on every system and with every version of ICU or libc.
    private static string[] LocaleArguments(PostgresBinaries binaries)
    {
        if (binaries.Version.Major >= 17)
        {
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
        }

        return OperatingSystem.IsLinux() ? ["--locale-provider=libc", "--locale=C.UTF-8"] : ["--locale-provider=libc", "--locale=C"];
    }

    private static async Task<int> StartServerAsync(ServiceAccount account, PostgresBinaries binaries, string folder, PostgresClusterOptions options, CancellationToken cancellationToken)
    {
        var log = Path.Combine(folder, "server.log");
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (File.Exists(log))
            {
                File.Move(log, log + ".1", overwrite: true);
            }

            var port = options.Port == 0 ? FreePort() : options.Port;
            string[] arguments = ["start", "-D", DataFolderOf(folder), "-l", log, "-w", "-t", Seconds(StartTimeout), "-o", ServerOptions(port, options.Settings)];
            var started = await account.RunAsync(binaries.Program("pg_ctl"), arguments, cancellationToken: cancellationToken);
            if (started.ExitCode == 0)
            {
                return port;
            }

            var said = File.Exists(log) ? await File.ReadAllTextAsync(log, cancellationToken) : started.Text;
            // The sessions of a killed server need a moment to notice; a free port may be taken by another in the meantime.
            var passing = said.Contains("pre-existing shared memory block", StringComparison.Ordinal)
                || (options.Port == 0 && said.Contains("Address already in use", StringComparison.Ordinal));
            if (!passing || clock.Elapsed > StartTimeout)
            {
                throw new ClusterException($"PostgreSQL did not start in {folder}: {LastLines(said, 12)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }
    }

    private static string ServerOptions(int port, IReadOnlyDictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            ["unix_socket_directories"] = "",
            ["max_connections"] = "200",
            ["password_encryption"] = "scram-sha-256",
            ["log_timezone"] = "UTC",
            ["timezone"] = "UTC",
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        // pg_ctl hands this line to a shell.
        var quote = OperatingSystem.IsWindows() ? "\"" : "'";
        return $"-p {port.ToString(CultureInfo.InvariantCulture)} " + string.Join(' ', all.Select(s => $"-c {s.Key}={quote}{s.Value}{quote}"));
    }

    private static async Task StopServerAsync(ServiceAccount account, PostgresBinaries binaries, string folder, CancellationToken cancellationToken)
    {
        if (RunningServer(folder) is not { } server)
        {
            return;
        }

        foreach (var mode in StopModes)
        {
            await account.RunAsync(binaries.Program("pg_ctl"), ["stop", "-D", DataFolderOf(folder), "-m", mode, "-w", "-t", Seconds(StopTimeout)], cancellationToken: cancellationToken);
            if (RunningServer(folder) is null)
            {
                await WaitForEndAsync(server.ProcessId, cancellationToken);
                return;
            }
        }

        throw new ClusterException($"The PostgreSQL server in {folder} (process {server.ProcessId}) does not stop.");
    }

    // The server takes its process file away a moment before it ends.
    private static async Task WaitForEndAsync(int processId, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (IsAlive(processId) && clock.Elapsed < EndTimeout)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), cancellationToken);
        }
    }

    // postmaster.pid: process id, data folder, start time, port, socket folder, listen address, shared memory key, status.
    private static (int ProcessId, int Port)? RunningServer(string folder)
    {
        var lines = ReadProcessFile(folder);
        return lines.Length >= 4
            && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
            && int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port)
            && IsServerOf(processId, folder)
            ? (processId, port)
            : null;
    }

    // The server takes the file of a dead process away itself. It cannot know that the process id has meanwhile
    // been given to another program (after a restart of the machine), and would refuse to start for ever.
    private static void ForgetReusedProcessId(string folder)
    {
        if (ReadProcessFile(folder) is [var first, ..]
            && int.TryParse(first, CultureInfo.InvariantCulture, out var processId)
            && IsAlive(processId)
            && !IsServerOf(processId, folder))
        {
            File.Delete(ProcessFile(folder));
        }
    }

    private static string ProcessFile(string folder) => Path.Combine(DataFolderOf(folder), "postmaster.pid");

    private static string[] ReadProcessFile(string folder)
    {
        try
        {
            return File.ReadAllLines(ProcessFile(folder));
        }
        catch (IOException)
        {
            return [];
        }
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

    private static bool IsServerOf(int processId, string folder)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            if (process.HasExited || !process.ProcessName.StartsWith("postgres", StringComparison.Ordinal))
            {
                return false;
            }

            // A server works in its data folder. Where the system tells which that is, it must be ours: seen from
            // there, the process file says the same (comparing paths would stumble over links).
            return !OperatingSystem.IsLinux() || File.ReadAllText($"/proc/{processId}/cwd/postmaster.pid") == File.ReadAllText(ProcessFile(folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string Seconds(TimeSpan time) => ((int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static string LastLines(string text, int count) =>
        string.Join(Environment.NewLine, text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(count));
}
