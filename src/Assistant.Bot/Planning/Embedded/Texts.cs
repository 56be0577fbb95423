using System.Text.Json;
using System.Text.RegularExpressions;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>
/// What the assistant says: named texts with variants and <c>{holes}</c>, from <c>Texts.en-GB.json</c>. Figures reach a text only through a
/// hole that is filled from a tool's result.
/// </summary>
public sealed partial class Texts
{
    private readonly IReadOnlyDictionary<string, string[]> _texts;

    private Texts(IReadOnlyDictionary<string, string[]> texts) => _texts = texts;

    /// <summary>The British English texts.</summary>
    public static Texts British { get; } = Load("Texts.en-GB.json");

    /// <summary>Every name.</summary>
    public IEnumerable<string> Names => _texts.Keys;

    /// <summary>Whether there is a text of that name.</summary>
    public bool Has(string name) => _texts.ContainsKey(name);

    /// <summary>The variants of a text.</summary>
    public IReadOnlyList<string> Variants(string name) => _texts[name];

    /// <summary>
    /// The text of that name; <paramref name="turn"/> picks the variant, so that two turns in a row differ and a repeated step of one turn does not.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such text, or a hole has no value: a fault of the code, found by its tests.</exception>
    public string Say(string name, int turn, params ReadOnlySpan<(string Hole, string Value)> values)
    {
        var variants = _texts.TryGetValue(name, out var found) ? found : throw new KeyNotFoundException($"There is no text '{name}'.");
        var filled = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (hole, value) in values)
        {
            filled[hole] = value;
        }

        return Hole().Replace(
            variants[turn % variants.Length],
            match => filled.TryGetValue(match.Groups["hole"].Value, out var value) ? value : throw new KeyNotFoundException($"The text '{name}' has no value for '{match.Value}'."));
    }

    private static Texts Load(string name)
    {
        using var stream = typeof(Texts).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource '{name}' is missing.");
        return new Texts(JsonSerializer.Deserialize<Dictionary<string, string[]>>(stream)!);
    }

    [GeneratedRegex(@"\{(?<hole>[a-zA-Z]+)\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Hole();
}
