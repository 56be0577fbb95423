using System.Text.RegularExpressions;
using Testing;

namespace AppHost.Tests.Harness;

/// <summary>What the documents name exists.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Requirements_NameOnlyTestsThatExist()
    {
        var sources = Directory.EnumerateFiles(RepositoryFolder.Combine("tests"), "*.cs", SearchOption.AllDirectories).ToDictionary(path => path, File.ReadAllText);
        var page = File.ReadAllText(RepositoryFolder.Combine("docs", "security", "requirements.md"));
        var missing = new List<string>();
        foreach (Match name in TestName().Matches(page))
        {
            var holders = sources.Values.Where(source => source.Contains($"class {name.Groups["type"].Value}", StringComparison.Ordinal)).ToList();
            var method = name.Groups["method"].Value;
            if (!holders.Exists(source => method.Length == 0 || source.Contains($" {method}(", StringComparison.Ordinal)))
            {
                missing.Add(name.Value);
            }
        }

        Assert.Empty(missing);
        Assert.Equal(64, RequirementRow().Count(page));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("SECURITY.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("docs/decisions/README.md")]
    [InlineData("docs/security/requirements.md")]
    [InlineData("docs/performance.md")]
    public void Links_InsideTheRepository_LeadSomewhere(string document)
    {
        var path = RepositoryFolder.Combine(document.Split('/'));
        var folder = Path.GetDirectoryName(path)!;
        var broken = Link().Matches(File.ReadAllText(path))
            .Select(link => link.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Path.Exists(Path.Combine(folder, target.Split('#')[0])))
            .ToList();
        Assert.Empty(broken);
    }

    [GeneratedRegex(@"`(?<type>[A-Z]\w+(?:Tests|Journeys|Quality))(?:\.(?<method>[A-Z]\w+))?`", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| SR-\d\d \|", RegexOptions.CultureInvariant | RegexOptions.Multiline, 1000)]
    private static partial Regex RequirementRow();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Link();
}
