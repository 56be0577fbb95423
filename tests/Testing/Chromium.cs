using System.Diagnostics;

namespace Testing;

/// <summary>The browser the tests drive: the system's own Chromium or Chrome.</summary>
public static class Chromium
{
    private static readonly Lazy<Task<string?>> Found = new(FindOrInstallAsync);

    /// <summary>
    /// The browser's path, for Playwright's <c>ExecutablePath</c>. Where it is missing, root on Debian installs it
    /// with apt-get; anyone else sees the test skipped, with what to install.
    /// </summary>
    public static async Task<string> EnsureAsync()
    {
        var path = await Found.Value;
        if (path is null)
        {
            Assert.Skip("needs Chromium: 'apt-get install chromium' (Debian), 'brew install --cask chromium' (macOS), or Google Chrome in its usual folder");
        }

        return path;
    }

    private static async Task<string?> FindOrInstallAsync()
    {
        if (Find() is { } present)
        {
            return present;
        }

        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
        {
            return null;
        }

        // Test processes run side by side; apt-get waits for the other one's lock and then has nothing left to do.
        return await RunAsync("apt-get", "-o", "DPkg::Lock::Timeout=300", "update")
            && await RunAsync("apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core")
            ? Find()
            : null;
    }

    private static string? Find()
    {
        string[] names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe"];
        string[] places =
        [
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "Google", "Chrome", "Application", "chrome.exe"),
        ];
        var search = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return names.SelectMany(name => search.Select(folder => Path.Combine(folder, name))).Concat(places).FirstOrDefault(File.Exists);
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync(), process.WaitForExitAsync());
        return process.ExitCode == 0;
    }
}
