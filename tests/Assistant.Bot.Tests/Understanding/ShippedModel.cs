using Assistant.Bot.Understanding;

namespace Assistant.Bot.Tests.Understanding;

/// <summary>The model in <c>models/understanding</c> that champion.json names, and where the repository is.</summary>
internal static class ShippedModel
{
    public static string Root { get; } = FindRoot();

    public static string Registry { get; } = Path.Combine(Root, "models/understanding");

    public static string CorpusFolder { get; } = Path.Combine(Root, "src/Assistant.Bot/Understanding/Corpus");

    public static UnderstandingModel Model { get; } = UnderstandingModel.LoadChampion(Registry);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SecureBank.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
