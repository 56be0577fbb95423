namespace Testing;

/// <summary>Data sets that are not part of the repository: a folder <c>shared/data</c> beside the checkout.</summary>
public static class SharedData
{
    /// <summary>The full path of a file or folder, or a visible skip of the running test where it is absent.</summary>
    /// <param name="relativePath">Below <c>../shared/data</c>, with forward slashes: <c>fraud/PROTOCOL.md</c>.</param>
    public static string Require(string relativePath)
    {
        var path = Path.GetFullPath(RepositoryFolder.Combine("..", "shared", "data", relativePath));
        if (!Path.Exists(path))
        {
            Assert.Skip($"needs the shared data set '{relativePath}' at {path}");
        }

        return path;
    }
}
