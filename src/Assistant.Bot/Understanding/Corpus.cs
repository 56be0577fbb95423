using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Banking.Client;

namespace Assistant.Bot.Understanding;

/// <summary>A slot's place in an utterance.</summary>
internal readonly record struct SlotSpan(string Slot, int Start, int Length)
{
    public int End => Start + Length;
}

/// <summary>An utterance with its intent and slots.</summary>
internal sealed record Example(string Intent, string Text, IReadOnlyList<SlotSpan> Slots)
{
    /// <summary>Which written line it comes from, so that lines and their variations are never split.</summary>
    public int Source { get; init; }
}

/// <summary>A corpus that cannot be read; the message names file, line and fault.</summary>
public sealed class CorpusException(string message) : Exception(message);

/// <summary>
/// The corpus the understanding models are trained from: a Markdown file per intent with a list of templates, one of utterances
/// and one held out, slots marked in place (<c>pay [sixty quid](amount) to [Maya](payee)</c>); <c>_lists.md</c> holds what templates draw from.
/// The format is explained in the folder's README.md.
/// </summary>
internal sealed partial class Corpus
{
    private readonly Dictionary<string, string[]> _lists = new(StringComparer.Ordinal);
    private readonly List<(string Intent, string Line, int Samples, bool Polite, string Place)> _sources = [];

    private Corpus(string fingerprint) => Fingerprint = fingerprint;

    /// <summary>SHA-256 over names and contents of the files.</summary>
    public string Fingerprint { get; }

    /// <summary>Utterances that no model is trained on.</summary>
    public IReadOnlyList<Example> HeldOut { get; private set; } = [];

    /// <summary>Utterances kept out of training too, but looked at while the corpus was improved: their figures flatter.</summary>
    public IReadOnlyList<Example> Development { get; private set; } = [];

    /// <summary>Lines written by hand for training, templates included.</summary>
    public int Sources => _sources.Count;

    public static Corpus Load(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new CorpusException($"There is no corpus folder '{folder}'.");
        }

        var files = Directory.GetFiles(folder, "*.md").Where(file => Path.GetFileName(file) != "README.md").Order(StringComparer.Ordinal).ToArray();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file) + "\n"));
            hash.AppendData(File.ReadAllBytes(file));
        }

        var corpus = new Corpus(Convert.ToHexStringLower(hash.GetHashAndReset()));
        var heldOut = new List<Example>();
        var development = new List<Example>();
        foreach (var file in files)
        {
            corpus.Read(file, heldOut, development);
        }

        corpus.HeldOut = heldOut;
        corpus.Development = development;
        return corpus;
    }

    /// <summary>Every training example: hand-written ones with light variations, templates filled at random. The same seed gives the same list.</summary>
    public IReadOnlyList<Example> Expand(int seed)
    {
        var random = new Random(seed);
        var examples = new List<Example>();
        var seen = new HashSet<(string, string)>();
        // What a template happens to produce must not be a line the model is measured on.
        var measured = HeldOut.Concat(Development).Select(example => example.Text).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var source = 0;
        void Add(string intent, string marked, string place)
        {
            var example = Unmark(intent, marked, place) with { Source = source };
            if (example.Text.Length > 0 && !measured.Contains(example.Text) && seen.Add((intent, example.Text)))
            {
                examples.Add(example);
            }
        }

        foreach (var (intent, line, samples, polite, place) in _sources)
        {
            source++;
            var isTemplate = line.Contains('{', StringComparison.Ordinal);
            if (!isTemplate)
            {
                Add(intent, line, place);
            }

            for (var i = 0; i < samples; i++)
            {
                var filled = isTemplate ? Fill(line, random, place, 0) : Resample(line, random, place);
                if (polite && random.NextDouble() < 0.3)
                {
                    filled = random.NextDouble() < 0.5
                        ? $"{Pick("lead", random, place)} {filled}"
                        : $"{filled.TrimEnd('.', '?', '!')} {Pick("tail", random, place)}";
                }

                filled = random.NextDouble() switch
                {
                    < 0.35 => filled.ToLowerInvariant().TrimEnd('.', '!', '?'),
                    < 0.45 => char.ToUpperInvariant(filled[0]) + filled[1..],
                    < 0.50 => filled + ".",
                    < 0.54 => filled.TrimEnd('.', '?') + "?",
                    _ => filled,
                };
                // Labels keep their case whatever happens to the words.
                filled = Label().Replace(filled, match => match.Value.ToLowerInvariant());
                Add(intent, random.NextDouble() < 0.2 ? Mistype(filled, random) : filled, place);
            }
        }

        return examples;
    }

    /// <summary>The utterance and its spans from the marked form.</summary>
    public static Example Unmark(string intent, string marked, string place)
    {
        var text = new StringBuilder();
        var spans = new List<SlotSpan>();
        var position = 0;
        foreach (Match match in Mark().Matches(marked))
        {
            text.Append(marked, position, match.Index - position);
            var value = match.Groups["value"].Value;
            spans.Add(new SlotSpan(match.Groups["slot"].Value, text.Length, value.Length));
            text.Append(value);
            position = match.Index + match.Length;
        }

        text.Append(marked, position, marked.Length - position);
        var result = text.ToString();
        return result.Contains("](", StringComparison.Ordinal)
            ? throw new CorpusException($"{place}: the slot mark in '{marked}' is not closed.")
            : new Example(intent, result, spans);
    }

    /// <summary>BIO labels of an example's tokens.</summary>
    public static string[] LabelsOf(Example example, IReadOnlyList<Token> tokens)
    {
        var labels = new string[tokens.Count];
        for (var i = 0; i < tokens.Count; i++)
        {
            labels[i] = "O";
            foreach (var span in example.Slots)
            {
                if (tokens[i].Start < span.End && tokens[i].End > span.Start)
                {
                    var first = i == 0 || tokens[i - 1].End <= span.Start;
                    labels[i] = (first ? "B-" : "I-") + span.Slot;
                }
            }
        }

        return labels;
    }

    private void Read(string file, List<Example> heldOut, List<Example> development)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var lists = name == "_lists";
        string? section = null;
        var samples = 0;
        var polite = false;
        var lineNumber = 0;
        foreach (var raw in File.ReadLines(file))
        {
            lineNumber++;
            var place = $"{Path.GetFileName(file)}:{lineNumber}";
            var line = raw.Trim();
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                var words = line[3..].ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
                section = lists ? words[0] : words[0] switch
                {
                    "templates" or "utterances" => words[0],
                    "held" or "development" => words[0],
                    _ => throw new CorpusException($"{place}: unknown section '{line}'."),
                };
                samples = words.Select(word => word.StartsWith('x') && int.TryParse(word[1..], CultureInfo.InvariantCulture, out var n) ? n : 0).Max();
                samples = samples > 0 ? samples : section == "templates" ? 16 : 3;
                polite = words.Contains("polite");
            }
            else if (line.StartsWith("- ", StringComparison.Ordinal))
            {
                var item = line[2..].Trim();
                if (lists)
                {
                    _lists[section ?? throw new CorpusException($"{place}: an item before the first section.")] =
                        [.. _lists.GetValueOrDefault(section, []), .. item.Split(", ", StringSplitOptions.RemoveEmptyEntries)];
                }
                else if (section is "held" or "development")
                {
                    (section == "held" ? heldOut : development).Add(Unmark(name, item, place));
                }
                else if (section is not null)
                {
                    _sources.Add((name, item, samples, polite, place));
                }
            }
        }
    }

    private string Fill(string template, Random random, string place, int depth) =>
        Hole().Replace(template, match =>
        {
            var hole = match.Groups["hole"].Value;
            if (hole.Contains('|', StringComparison.Ordinal))
            {
                var options = hole.Split('|');
                return options[random.Next(options.Length)];
            }

            if (hole[0] == '~')
            {
                return Pick(hole[1..], random, place, depth);
            }

            var arrow = hole.IndexOf('>', StringComparison.Ordinal);
            var list = arrow < 0 ? hole : hole[..arrow];
            return $"[{Pick(list, random, place, depth)}]({(arrow < 0 ? hole : hole[(arrow + 1)..])})";
        });

    // A hand-written utterance with other names, amounts and accounts in its slots.
    private string Resample(string line, Random random, string place) =>
        Mark().Replace(line, match =>
        {
            var slot = match.Groups["slot"].Value;
            return slot is SlotNames.Payee or SlotNames.Amount or SlotNames.Iban or SlotNames.Merchant && random.NextDouble() < 0.7
                ? $"[{Pick(slot, random, place)}]({slot})"
                : match.Value;
        });

    private string Pick(string list, Random random, string place, int depth = 0)
    {
        if (depth > 4)
        {
            throw new CorpusException($"{place}: lists refer to each other in a circle.");
        }

        switch (list)
        {
            case "amount" when random.NextDouble() < 0.75: return AmountForm(random);
            case "iban": return IbanForm(random);
            case "number": return random.Next(2, 30).ToString(CultureInfo.InvariantCulture);
            case "payee" when random.NextDouble() < 0.3: return InventName(random);
        }

        return _lists.TryGetValue(list, out var items)
            ? Fill(items[random.Next(items.Length)], random, place, depth + 1)
            : throw new CorpusException($"{place}: there is no list '{list}'.");
    }

    private static string AmountForm(Random random)
    {
        var pounds = random.Next(6) switch { 0 => random.Next(1, 10), 1 or 2 => random.Next(10, 100), 3 => random.Next(1, 50) * 10, 4 => random.Next(100, 1000), _ => random.Next(1, 90) * 100 };
        var pence = random.Next(100);
        var grouped = pounds.ToString("#,0", CultureInfo.InvariantCulture);
        return random.Next(15) switch
        {
            0 or 1 or 2 => $"£{pounds}",
            3 => $"£{grouped}.{pence:00}",
            4 or 5 => $"{pounds}",
            6 => $"{pounds}.{pence:00}",
            7 => $"{pounds} quid",
            8 => $"{pounds} pounds",
            9 => $"{pounds}quid",
            10 => $"{pounds} GBP",
            11 => $"{pounds} pounds {pence}",
            12 => $"£{grouped}",
            13 => random.Next(2) == 0 ? $"{random.Next(1, 9)}k" : $"{random.Next(1, 9)}.{random.Next(1, 9)}k",
            _ => $"{pounds} quid",
        };
    }

    private static string IbanForm(Random random)
    {
        var bank = string.Concat(Enumerable.Range(0, 4).Select(_ => (char)('A' + random.Next(26))));
        var iban = Iban.Create("GB", bank + random.NextInt64(10_000_000_000_000, 99_999_999_999_999).ToString(CultureInfo.InvariantCulture));
        return random.Next(3) switch { 0 => Iban.Print(iban), 1 => iban.ToLowerInvariant(), _ => iban };
    }

    // Names nobody has, so that the tagger learns from where a name stands and not only from which it is.
    private static string InventName(Random random)
    {
        string[] heads = ["Ba", "Che", "Do", "Fen", "Gri", "Ha", "Iz", "Jo", "Kal", "Lu", "Mor", "Ni", "Os", "Pra", "Ri", "Sha", "Ta", "Vel", "Wen", "Yu", "Zo"];
        string[] tails = ["bert", "da", "fia", "go", "ham", "ka", "lin", "ma", "ndra", "ola", "quist", "rson", "shi", "ton", "vic", "wood", "xley", "zi"];
        string Word() => heads[random.Next(heads.Length)] + (random.Next(3) == 0 ? "la" : "") + tails[random.Next(tails.Length)];
        string[] trades = ["Plumbing", "Roofing", "Dental Practice", "Garage", "Nursery", "Tree Surgeons", "Lettings", "Vets", "Bakery", "Tennis Club", "Ltd", "and Sons", "Removals", "Kitchens", "Primary School", "Cleaning Services"];
        return random.Next(9) switch
        {
            6 => $"{Word()} {trades[random.Next(trades.Length)]}",
            7 => $"{Word()} {trades[random.Next(trades.Length)]}".ToLowerInvariant(),
            8 => $"{Word()} {Word()} {Word()}".ToLowerInvariant(),
            0 or 1 => Word(),
            2 or 3 => $"{Word()} {Word()}",
            4 => Word().ToLowerInvariant(),
            _ => $"{Word()} {Word()}".ToLowerInvariant(),
        };
    }

    // One slip of the finger in a word outside the slots.
    private static string Mistype(string marked, Random random)
    {
        var words = marked.Split(' ');
        var inside = false;
        var candidates = new List<int>();
        for (var i = 0; i < words.Length; i++)
        {
            inside |= words[i].Contains('[', StringComparison.Ordinal);
            if (!inside && words[i].Length >= 4 && words[i].All(char.IsLetter))
            {
                candidates.Add(i);
            }

            inside &= !words[i].Contains(')', StringComparison.Ordinal);
        }

        if (candidates.Count == 0)
        {
            return marked;
        }

        var at = candidates[random.Next(candidates.Count)];
        var word = words[at].ToCharArray();
        var place = random.Next(1, word.Length - 1);
        words[at] = random.Next(3) switch
        {
            0 => new string([.. word[..place], word[place + 1], word[place], .. word[(place + 2)..]]),
            1 => new string([.. word[..place], .. word[(place + 1)..]]),
            _ => new string([.. word[..place], word[place], .. word[place..]]),
        };
        return string.Join(' ', words);
    }

    [GeneratedRegex(@"\[(?<value>[^\]]+)\]\((?<slot>[a-z_]+)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Mark();

    [GeneratedRegex(@"\]\([A-Za-z_]+\)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Label();

    [GeneratedRegex(@"\{(?<hole>[^{}]+)\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Hole();
}
