using System.Text.RegularExpressions;

namespace Assistant.Bot.Help;

/// <summary>A help article. <paramref name="Questions"/> are ways to ask for it; figures in <paramref name="Text"/> are <c>{holes}</c> filled from configuration.</summary>
public sealed record HelpArticle(string Topic, string Title, IReadOnlyList<string> Questions, string Text, IReadOnlyList<HelpLink> Links);

/// <summary>A link below an article: a page of the bank, relative to its address.</summary>
public sealed record HelpLink(string Title, string Url);

/// <summary>The help articles of this folder, addressed by topic or by the question nearest to the customer's.</summary>
public sealed partial class HelpLibrary
{
    /// <summary>The topic that says what the assistant can do.</summary>
    public const string Overview = "overview";

    /// <summary>The topic for lost cards, fraud and strangers in the account.</summary>
    public const string Security = "security";

    private readonly Dictionary<string, HelpArticle> _articles;
    private readonly List<(HelpArticle Article, Dictionary<string, double> Vector)> _questions = [];
    private readonly Dictionary<string, double> _rarity = new(StringComparer.Ordinal);

    private HelpLibrary(IEnumerable<HelpArticle> articles)
    {
        _articles = articles.ToDictionary(article => article.Topic, StringComparer.Ordinal);
        var questions = _articles.Values.OrderBy(article => article.Topic, StringComparer.Ordinal).SelectMany(article => article.Questions.Select(question => (article, Terms: TermsOf(question)))).ToList();
        foreach (var term in questions.SelectMany(question => question.Terms.Distinct(StringComparer.Ordinal)).CountBy(term => term))
        {
            _rarity[term.Key] = Math.Log((1.0 + questions.Count) / (1 + term.Value)) + 1;
        }

        _questions.AddRange(questions.Select(question => (question.article, Vector(question.Terms))));
    }

    /// <summary>The articles shipped with the assistant.</summary>
    public static HelpLibrary Default { get; } = new(Embedded());

    /// <summary>Every article.</summary>
    public IReadOnlyCollection<HelpArticle> Articles => _articles.Values;

    /// <summary>The article of a topic, or null.</summary>
    public HelpArticle? Find(string topic) => _articles.GetValueOrDefault(topic);

    /// <summary>The article with the question most like <paramref name="text"/> (cosine of TF-IDF over words and letter triples), or null when none is like it.</summary>
    public HelpArticle? Nearest(string text)
    {
        var asked = Vector(TermsOf(text));
        var best = _questions.Select(question => (question.Article, Likeness: question.Vector.Sum(term => term.Value * asked.GetValueOrDefault(term.Key)))).MaxBy(pair => pair.Likeness);
        return best.Likeness >= 0.25 ? best.Article : null;
    }

    private Dictionary<string, double> Vector(List<string> terms)
    {
        var vector = terms.CountBy(term => term).Where(term => _rarity.ContainsKey(term.Key)).ToDictionary(term => term.Key, term => term.Value * _rarity[term.Key], StringComparer.Ordinal);
        var length = Math.Sqrt(vector.Values.Sum(value => value * value));
        return length == 0 ? vector : vector.ToDictionary(term => term.Key, term => term.Value / length, StringComparer.Ordinal);
    }

    private static List<string> TermsOf(string text)
    {
        var terms = new List<string>();
        foreach (var word in text.ToLowerInvariant().Split([' ', '?', '!', '.', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            terms.Add(word);
            for (var i = 0; i + 3 <= word.Length && word.Length > 3; i++)
            {
                terms.Add(string.Concat("~", word.AsSpan(i, 3)));
            }
        }

        return terms;
    }

    private static IEnumerable<HelpArticle> Embedded()
    {
        var assembly = typeof(HelpLibrary).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("Help/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            yield return Parse(Path.GetFileNameWithoutExtension(name), reader.ReadToEnd());
        }
    }

    // A title line, the text, then "## Asked as" and "## Links" with one item a line.
    private static HelpArticle Parse(string topic, string markdown)
    {
        string title = "";
        var section = "";
        List<string> questions = [];
        List<HelpLink> links = [];
        var text = new List<string>();
        foreach (var line in markdown.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                title = line[2..].Trim();
            }
            else if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                section = line[3..].Trim();
            }
            else if (section == "Asked as" && line.StartsWith("- ", StringComparison.Ordinal))
            {
                questions.Add(line[2..].Trim());
            }
            else if (section == "Links" && Link().Match(line) is { Success: true } link)
            {
                links.Add(new HelpLink(link.Groups["title"].Value, link.Groups["url"].Value));
            }
            else if (section.Length == 0)
            {
                text.Add(line);
            }
        }

        return title.Length > 0 && questions.Count > 0
            ? new HelpArticle(topic, title, questions, string.Join('\n', text).Trim(), links)
            : throw new InvalidOperationException($"The help article '{topic}' has no title or no questions.");
    }

    [GeneratedRegex(@"^- \[(?<title>[^\]]+)\]\((?<url>/[^)]*)\)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
