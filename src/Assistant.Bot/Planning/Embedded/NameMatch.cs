using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>Finds what the customer means among names the bank holds: payees, accounts, choices shown.</summary>
internal static class NameMatch
{
    private static readonly HashSet<string> Fillers = new(StringComparer.Ordinal) { "my", "the", "a", "an", "to", "for", "from", "account", "acc", "acct", "please", "one", "called", "payee", "i", "think", "mean", "meant", "it", "its", "s", "in", "into", "of", "no", "yes", "ltd", "then", "instead", "rather", "actually", "sorry", "ok", "oh", "um", "just", "say", "maybe", "try", "not", "pay", "send", "too", "also", "as", "well", "again" };

    private static readonly Dictionary<string, string> AccountTypes = new(StringComparer.Ordinal)
    {
        ["current"] = "current",
        ["main"] = "current",
        ["everyday"] = "current",
        ["curent"] = "current",
        ["checking"] = "current",
        ["savings"] = "savings",
        ["saving"] = "savings",
        ["saver"] = "savings",
        ["savngs"] = "savings",
        ["saving's"] = "savings",
    };

    private static readonly (string[] Said, int Index)[] Ordinals =
    [
        (["first", "1", "1st", "one", "top", "former"], 0),
        (["second", "2", "2nd", "two"], 1),
        (["third", "3", "3rd", "three"], 2),
        (["fourth", "4", "4th", "four"], 3),
        (["fifth", "5", "5th", "five"], 4),
        (["last", "bottom", "latter"], -1),
    ];

    /// <summary>The items whose name fits best: an exact name alone, otherwise every name with all of the words said (a slip of the finger forgiven).</summary>
    public static IReadOnlyList<T> Find<T>(string said, IReadOnlyList<T> items, Func<T, string> nameOf)
    {
        var words = Split(said, keepFillers: false);
        if (words.Count == 0)
        {
            words = Split(said, keepFillers: true);
        }

        if (words.Count == 0)
        {
            return [];
        }

        var best = 0;
        var found = new List<T>();
        foreach (var item in items)
        {
            var name = Split(nameOf(item), keepFillers: false);
            name = name.Count == 0 ? Split(nameOf(item), keepFillers: true) : name;
            var score = Score(words, name);
            if (score > best)
            {
                best = score;
                found.Clear();
            }

            if (score > 0 && score == best)
            {
                found.Add(item);
            }
        }

        return found;
    }

    /// <summary>
    /// The items named somewhere in a whole message: those of which it holds the most words, the first word or two others at least ("house" alone is
    /// not Alder House Lettings).
    /// </summary>
    public static IReadOnlyList<T> Mentioned<T>(string message, IReadOnlyList<T> items, Func<T, string> nameOf)
    {
        var words = Split(message, keepFillers: false);
        var counted = items
            .Select(item => (Item: item, Name: Split(nameOf(item), keepFillers: false)))
            .Select(pair => (pair.Item, Count: pair.Name.Count(words.Contains), First: pair.Name is [{ Length: >= 3 } first, ..] && words.Contains(first)))
            .Where(pair => pair.First || pair.Count >= 2)
            .ToList();
        return [.. counted.Where(pair => pair.Count == counted.Max(other => other.Count)).Select(pair => pair.Item)];
    }

    /// <summary>The accounts meant: by name, otherwise by kind ("savings").</summary>
    public static IReadOnlyList<JsonElement> Accounts(string said, IReadOnlyList<JsonElement> accounts)
    {
        static string NameOf(JsonElement account) => account.Text("name") ?? "";
        var words = Split(said, keepFillers: false);
        var kind = words.Select(word => AccountTypes.GetValueOrDefault(word)).FirstOrDefault(type => type is not null);
        // "rainy day savings": what is not the kind names the account.
        var particular = words.Where(word => !AccountTypes.ContainsKey(word)).ToList();
        if (particular.Count > 0)
        {
            return Find(string.Join(' ', particular), accounts, NameOf);
        }

        var byName = Find(said, accounts, NameOf);
        return byName.Count > 0 || kind is null ? byName : accounts.Where(account => account.Text("type") == kind).ToList();
    }

    /// <summary>The choice meant by place ("the second one") or name.</summary>
    public static IReadOnlyList<Choice> Choices(string said, IReadOnlyList<Choice> choices)
    {
        if (choices.Count == 0)
        {
            return [];
        }

        var byName = Find(said, choices, choice => choice.Name);
        if (byName.Count == 1)
        {
            return byName;
        }

        var words = Split(said, keepFillers: true);
        foreach (var (names, index) in Ordinals)
        {
            // "one" is also a filler ("the second one"), so it counts only when nothing else does.
            if (words.Any(word => names.Contains(word) && (word != "one" || words.Count == 1)))
            {
                var at = index < 0 ? choices.Count - 1 : index;
                return at < choices.Count ? [choices[at]] : [];
            }
        }

        return byName;
    }

    private static int Score(List<string> said, List<string> name)
    {
        if (said.SequenceEqual(name))
        {
            return 100;
        }

        var exact = 0;
        foreach (var word in said)
        {
            if (name.Contains(word, StringComparer.Ordinal))
            {
                exact++;
            }
            else if (!name.Any(part => Near(word, part)))
            {
                return 0;
            }
        }

        return exact == said.Count ? 90 : exact > 0 ? 60 : 50;
    }

    private static bool Near(string said, string name)
    {
        var allowed = name.Length >= 8 ? 2 : name.Length >= 4 ? 1 : 0;
        return allowed > 0 && said.Length >= 3 && Math.Abs(said.Length - name.Length) <= allowed && said[0] == name[0] && Distance(said, name) <= allowed;
    }

    // Optimal string alignment: a swap of neighbours is one slip.
    private static int Distance(string left, string right)
    {
        var cost = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            cost[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var same = left[i - 1] == right[j - 1] ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j] + 1, cost[i, j - 1] + 1), cost[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[left.Length, right.Length];
    }

    private static List<string> Split(string text, bool keepFillers)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var c in text.Normalize(NormalizationForm.FormD).Append(' '))
        {
            if (char.IsLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }
            else if (c is '\'' or '’' or '.' || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark)
            {
                // O'Connor, Mary's and José are one word each.
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        if (!keepFillers)
        {
            words.RemoveAll(Fillers.Contains);
        }

        return words;
    }
}
