using System.ComponentModel;
using System.Diagnostics;

namespace AppHost.Bank;

/// <summary>Opens the user's browser where there is one to open.</summary>
internal static class Browser
{
    public static void Open(Uri address)
    {
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 } || Console.IsOutputRedirected)
        {
            return;
        }

        try
        {
            if (OperatingSystem.IsWindows())
            {
                Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true })?.Dispose();
            }
            else if (OperatingSystem.IsMacOS())
            {
                Process.Start("open", [address.AbsoluteUri]).Dispose();
            }
            else if (HasDisplay)
            {
                Process.Start("xdg-open", [address.AbsoluteUri]).Dispose();
            }
        }
        catch (Win32Exception)
        {
            // The address is in the table; a machine without a browser opener loses nothing.
        }
    }

    private static bool HasDisplay =>
        Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 } || Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is { Length: > 0 };
}
