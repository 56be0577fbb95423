using System.Runtime.InteropServices;

namespace AppHost.Processes;

/// <summary>How to start another .NET program with the runtime this one runs on.</summary>
internal static class DotnetHost
{
    /// <summary>The <c>dotnet</c> program of the runtime in use: ROOT/shared/Microsoft.NETCore.App/VERSION/ lies below it.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(
        System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    /// <summary>This program's own assembly, to run it again under another command.</summary>
    public static string Self => typeof(DotnetHost).Assembly.Location;
}
