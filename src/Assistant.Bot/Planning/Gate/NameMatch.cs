using System.Globalization;
using System.Text;

namespace Assistant.Bot.Planning.Gate;

/// <summary>
/// Whether words name somebody. Words of a command ("pay", "send", "money") and of company forms ("Ltd") name nobody, so a payee
/// called "Payment Services" is not named by every customer who wants to pay.
/// </summary>
internal static class NameMatch
{
    private static readonly HashSet<string> NamesNobody = new(StringComparer.Ordinal)
    {
        "mr", "mrs", "ms", "miss", "dr", "ltd", "limited", "plc", "llp", "inc", "co", "company", "uk", "the", "and", "of", "to", "from", "for", "my", "me", "a", "an", "in", "on", "at", "is", "it", "i", "you", "s",
        "pay", "paid", "payment", "payments", "payee", "send", "sent", "transfer", "transfers", "money", "amount", "account", "accounts", "please", "pound", "pounds", "quid", "gbp",
        "savings", "current", "bank", "balance", "yes", "no", "ok", "okay", "confirm", "approve", "now", "today", "tomorrow", "services", "service", "help", "thanks", "cancel", "show", "spend", "spent", "spending", "transaction", "transactions", "new", "add",
    };

    /// <summary>Words in lower case without accents; letters and digits only.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var c in text.Normalize(NormalizationForm.FormD))
        {
            if (char.IsLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark && word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        return words;
    }

    /// <summary>
    /// How well <paramref name="words"/> name <paramref name="name"/>: 0 when they do not. A word counts more when it is spelt right than
    /// with one slip; naming all of a name counts more than naming a part of a longer one.
    /// </summary>
    public static int Score(string name, IReadOnlyList<string> words)
    {
        var all = Words(name);
        var parts = all.Where(part => !NamesNobody.Contains(part)).Distinct(StringComparer.Ordinal).ToList();
        if (parts.Count == 0)
        {
            // A name made only of words that name nobody is named by all of it, in order.
            return all.Count > 0 && ContainsInOrder(words, all) ? 1 : 0;
        }

        var score = 0;
        var matched = 0;
        foreach (var part in parts)
        {
            var best = words.Max(word => Similarity(part, word), 0);
            score += best;
            matched += best > 0 ? 1 : 0;
        }

        return score == 0 ? 0 : (score * 2) + (matched == parts.Count ? 1 : 0);
    }

    /// <summary>Whether <paramref name="part"/> appears in <paramref name="words"/> in one piece.</summary>
    public static bool ContainsInOrder(IReadOnlyList<string> words, IReadOnlyList<string> part)
    {
        for (var start = 0; start + part.Count <= words.Count; start++)
        {
            var i = 0;
            while (i < part.Count && string.Equals(words[start + i], part[i], StringComparison.Ordinal))
            {
                i++;
            }

            if (i == part.Count)
            {
                return true;
            }
        }

        return false;
    }

    private static int Max(this IReadOnlyList<string> words, Func<string, int> measure, int least) => words.Aggregate(least, (best, word) => Math.Max(best, measure(word)));

    private static int Similarity(string part, string word)
    {
        if (string.Equals(part, word, StringComparison.Ordinal))
        {
            return part.Length > 1 ? 10 : 2;
        }

        // "Mayas" for "Maya's"; one slip in a word long enough that it cannot be another short word.
        return part.Length >= 4 && word.Length >= 4 && !NamesNobody.Contains(word) && IsOneEditApart(part, word) ? 9 : 0;
    }

    /// <summary>One letter put in, left out, changed, or two neighbours swapped (optimal string alignment distance 1).</summary>
    private static bool IsOneEditApart(string left, string right)
    {
        if (Math.Abs(left.Length - right.Length) > 1)
        {
            return false;
        }

        var i = 0;
        while (i < left.Length && i < right.Length && left[i] == right[i])
        {
            i++;
        }

        if (left.Length == right.Length)
        {
            return left.AsSpan(i + 1).SequenceEqual(right.AsSpan(i + 1))
                || (i + 1 < left.Length && left[i] == right[i + 1] && left[i + 1] == right[i] && left.AsSpan(i + 2).SequenceEqual(right.AsSpan(i + 2)));
        }

        return left.Length > right.Length ? left.AsSpan(i + 1).SequenceEqual(right.AsSpan(i)) : left.AsSpan(i).SequenceEqual(right.AsSpan(i + 1));
    }
}
