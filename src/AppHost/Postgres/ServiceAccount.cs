using AppHost.Processes;

namespace AppHost.Postgres;

/// <summary>
/// The account PostgreSQL runs as. The server refuses to run as root, so a root session hands it to an
/// unprivileged account; anyone else runs it as themselves.
/// </summary>
internal sealed class ServiceAccount
{
    private readonly IReadOnlyList<string> _prefix;
    private readonly string? _group;

    private ServiceAccount(string? name, string? group, IReadOnlyList<string> prefix) => (Name, _group, _prefix) = (name, group, prefix);

    /// <summary>The account's name, or null where the server runs as the current user.</summary>
    public string? Name { get; }

    /// <summary>Chooses the account: the current user, or as root <c>postgres</c> when it exists and <c>nobody</c> otherwise.</summary>
    /// <exception cref="ClusterException">Root has neither such an account nor a tool to change to it.</exception>
    public static ServiceAccount Choose()
    {
        // On Windows pg_ctl itself gives up an administrator's rights.
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            return new ServiceAccount(name: null, group: null, []);
        }

        var (name, group) = Find("postgres") ?? Find("nobody")
            ?? throw new ClusterException("PostgreSQL refuses to run as root, and this machine has neither an account 'postgres' nor 'nobody' to run it as.");

        // setpriv replaces itself with the command; runuser stays in between, which is the lesser choice.
        if (Command.Find("setpriv") is { } setpriv)
        {
            return new ServiceAccount(name, group, [setpriv, $"--reuid={name}", $"--regid={group}", "--init-groups", "--"]);
        }

        return Command.Find("runuser") is { } runuser
            ? new ServiceAccount(name, group, [runuser, "-u", name, "--"])
            : throw new ClusterException($"PostgreSQL refuses to run as root, and neither setpriv nor runuser (util-linux) is here to run it as '{name}'.");
    }

    /// <summary>Runs a command as this account, in a folder every account can enter.</summary>
    public Task<CommandResult> RunAsync(string fileName, IEnumerable<string> arguments, string input = "", CancellationToken cancellationToken = default) =>
        _prefix.Count == 0
            ? Command.RunAsync(fileName, arguments, input, cancellationToken: cancellationToken)
            : Command.RunAsync(_prefix[0], [.. _prefix.Skip(1), fileName, .. arguments], input, workingFolder: "/", cancellationToken: cancellationToken);

    /// <summary>Whether this account can enter the folder or, where it does not exist yet, its nearest existing ancestor.</summary>
    public async Task<bool> CanReachAsync(string folder, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            return true;
        }

        var existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing) ?? "/";
        }

        return (await RunAsync("test", ["-x", existing], cancellationToken: cancellationToken)).ExitCode == 0;
    }

    /// <summary>Makes a folder that only this account (and root) can enter.</summary>
    public async Task CreateFolderAsync(string folder, CancellationToken cancellationToken)
    {
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else if (Name is null)
        {
            Directory.CreateDirectory(folder, ownerOnly);
            File.SetUnixFileMode(folder, ownerOnly);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
            var made = await Command.RunAsync("install", ["-d", "-m", "0700", "-o", Name, folder], cancellationToken: cancellationToken);
            if (made.ExitCode != 0)
            {
                throw new ClusterException($"The folder {folder} could not be given to '{Name}': {made.Text}");
            }
        }
    }

    /// <summary>
    /// Lets this account pass through a folder of ours on the way to its own, without reading it: the folder goes to
    /// the account's group with mode 0710. Does nothing where the server runs as the current user.
    /// </summary>
    public async Task LetThroughAsync(string folder, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || _group is null)
        {
            return;
        }

        var given = await Command.RunAsync("chgrp", [_group, folder], cancellationToken: cancellationToken);
        if (given.ExitCode != 0)
        {
            throw new ClusterException($"The group of {folder} could not be changed: {given.Text}");
        }

        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute);
    }

    /// <summary>Writes a file that only this account (and root) can read.</summary>
    public async Task WriteSecretAsync(string file, string content, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            await PrivateFile.WriteAsync(file, content, cancellationToken);
            return;
        }

        var written = await RunAsync("sh", ["-c", "umask 077; cat > \"$0\"", file], content, cancellationToken);
        if (written.ExitCode != 0)
        {
            throw new ClusterException($"{file} could not be written as '{Name}': {written.Text}");
        }
    }

    private static (string Name, string Group)? Find(string name)
    {
        // name:password:uid:gid:... (passwd(5)).
        var entry = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name);
        return entry is null ? null : (entry[0], entry[3]);
    }
}
