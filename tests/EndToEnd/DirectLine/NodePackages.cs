using System.Security.Cryptography;
using AppHost.Processes;
using Testing;

namespace EndToEnd.DirectLine;

/// <summary>
/// The packages of the Node client, as <c>package-lock.json</c> pins them: <c>npm ci</c> checks every file against its SHA-512.
/// They are kept below artifacts, never in the source tree.
/// </summary>
internal static class NodePackages
{
    private static readonly string[] Manifest = ["package.json", "package-lock.json", ".npmrc"];
    private static readonly string[] NoRegistry = ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED"];

    /// <summary>Where the manifest and the client's script are.</summary>
    public static string Source => RepositoryFolder.Combine("tests", "EndToEnd", "DirectLine");

    /// <summary>The Node program and the folder that holds <c>node_modules</c>; the running test is visibly skipped where Node, npm or its registry is missing.</summary>
    public static async Task<(string Node, string Folder)> EnsureAsync()
    {
        if (Command.Find("node") is not { } node || Command.Find("npm") is not { } npm)
        {
            Assert.Skip("needs Node.js 20 or newer with npm on PATH: https://nodejs.org");
            throw new InvalidOperationException();
        }

        var folder = RepositoryFolder.Combine("artifacts", "direct-line-client");
        Directory.CreateDirectory(folder);
        await using (await FileLock.AcquireAsync(folder + ".lock", TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken))
        {
            var wanted = Convert.ToHexStringLower(SHA256.HashData(Manifest.SelectMany(name => File.ReadAllBytes(Path.Combine(Source, name))).ToArray()));
            var installed = Path.Combine(folder, "installed");
            if (!File.Exists(installed) || await File.ReadAllTextAsync(installed) != wanted)
            {
                foreach (var name in Manifest)
                {
                    File.Copy(Path.Combine(Source, name), Path.Combine(folder, name), overwrite: true);
                }

                var done = await Command.RunAsync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], workingFolder: folder, cancellationToken: TestContext.Current.CancellationToken);
                Assert.SkipWhen(done.ExitCode != 0 && NoRegistry.Any(code => done.Text.Contains(code, StringComparison.Ordinal)), "needs npm's registry once: " + done.Text);
                Assert.True(done.ExitCode == 0, done.Text);
                await File.WriteAllTextAsync(installed, wanted);
            }
        }

        return (node, folder);
    }
}
