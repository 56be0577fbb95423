namespace Testing;

/// <summary>The repository the tests run from.</summary>
public static class RepositoryFolder
{
    /// <summary>The folder that holds SecureBank.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path below the repository.</summary>
    public static string Combine(params IEnumerable<string> parts) => Path.Combine([Root, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SecureBank.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"SecureBank.sln is in no folder above {AppContext.BaseDirectory}.");
    }
}
