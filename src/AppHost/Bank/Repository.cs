namespace AppHost.Bank;

/// <summary>The checkout this program was built from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds SecureBank.sln, above this program's own.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The built program of a project: artifacts/bin/PROJECT/CONFIGURATION/PROJECT.dll, in this program's own configuration.</summary>
    public static string AssemblyOf(string project)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(Root, "artifacts", "bin", project, configuration, project + ".dll");
    }

    /// <summary>A project's source folder, from which it serves static files in development; its program's folder where there is no source.</summary>
    public static string WorkingFolderOf(string project)
    {
        var source = Path.Combine(Root, "src", project);
        return Directory.Exists(source) ? source : Path.GetDirectoryName(AssemblyOf(project))!;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SecureBank.sln")))
            {
                return folder.FullName;
            }
        }

        throw new HostException($"{AppContext.BaseDirectory} is not inside the repository: run 'dotnet run --project src/AppHost' from a checkout.");
    }
}
