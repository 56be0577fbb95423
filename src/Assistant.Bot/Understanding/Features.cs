namespace Assistant.Bot.Understanding;

/// <summary>Turns tokens into hashed features. Both sides of the models, training and use, go through here and nowhere else.</summary>
internal static class Features
{
    /// <summary>Buckets of the intent model's weights (a power of two).</summary>
    public const int IntentBuckets = 1 << 16;

    /// <summary>Buckets of the slot tagger's weights (a power of two).</summary>
    public const int SlotBuckets = 1 << 15;

    /// <summary>Words that tell what the words after them are: "to" a payee, "from" an account, "for" a reference.</summary>
    private static readonly HashSet<string> Cues = new(StringComparer.Ordinal)
    {
        "to", "for", "from", "reference", "saying", "message", "note", "into", "in", "on", "at", "since", "between", "with", "as", "pay", "send", "give", "not", "called", "named",
        "of", "is", "it", "owe", "by", "using", "out", "instead", "quoting", "label", "marked", "about", "my", "add", "move", "transfer", "iban",
    };

    /// <summary>
    /// Features that decide an intent: words and their neighbours, character n-grams inside words (so that a typo keeps most of its
    /// features), and the same sequence with each slot's words replaced by the slot's name (so that a name never heard before does
    /// not matter).
    /// </summary>
    public static List<int> OfUtterance(IReadOnlyList<Token> tokens, IReadOnlyList<string?> slots)
    {
        var features = new HashSet<int>();
        var previous = "<s>";
        var beforePrevious = "<s>";
        for (var i = 0; i < tokens.Count; i++)
        {
            var word = tokens[i].Norm;
            // A name says nothing about what is wanted.
            if (slots[i] is not (SlotNames.Payee or SlotNames.Reference or SlotNames.Merchant))
            {
                features.Add(IntentBucket('w', word));
                features.Add(IntentBucket('b', previous, word));
                features.Add(IntentBucket('s', beforePrevious, word));
                if (tokens[i].Shape == TokenShape.Word)
                {
                    var marked = $"<{word}>";
                    for (var n = 2; n <= 5; n++)
                    {
                        for (var start = 0; start + n <= marked.Length; start++)
                        {
                            features.Add(IntentBucket('c', marked.AsSpan(start, n)));
                        }
                    }
                }
            }

            beforePrevious = previous;
            previous = word;
        }

        features.Add(IntentBucket('b', previous, "</s>"));

        var sequence = new List<string> { "<s>" };
        for (var i = 0; i < tokens.Count; i++)
        {
            var item = slots[i] is { } slot ? $"[{slot}]" : tokens[i].Norm;
            if (slots[i] is null || sequence[^1] != item)
            {
                sequence.Add(item);
            }
        }

        sequence.Add("</s>");
        for (var i = 1; i < sequence.Count; i++)
        {
            features.Add(IntentBucket('d', sequence[i]));
            features.Add(IntentBucket('e', sequence[i - 1], sequence[i]));
            if (i > 1)
            {
                features.Add(IntentBucket('f', sequence[i - 2], sequence[i - 1], sequence[i]));
            }
        }

        features.Add(IntentBucket('k', sequence[1], sequence[^2]));
        features.Add(IntentBucket('g', string.Join(' ', slots.Where(slot => slot is not null).Distinct(StringComparer.Ordinal))));
        features.Add(IntentBucket('l', Math.Min(tokens.Count, 12) switch { <= 1 => "1", 2 => "2", 3 => "3", <= 6 => "6", <= 11 => "11", _ => "more" }));
        var result = features.ToList();
        // A fixed order makes floating-point sums, and so trained weights, repeat exactly.
        result.Sort();
        return result;
    }

    /// <summary>Features that decide the slot of one token, apart from the label before it.</summary>
    public static void OfToken(IReadOnlyList<Token> tokens, int index, List<int> features)
    {
        features.Clear();
        var token = tokens[index];
        var word = token.Norm;
        string At(int offset) => index + offset < 0 ? "<s>" : index + offset >= tokens.Count ? "</s>" : tokens[index + offset].Norm;
        var previous = At(-1);
        var next = At(1);
        features.Add(SlotBucket('W', word));
        features.Add(SlotBucket('P', previous));
        features.Add(SlotBucket('N', next));
        features.Add(SlotBucket('Q', At(-2)));
        features.Add(SlotBucket('O', At(2)));
        features.Add(SlotBucket('X', previous, word));
        features.Add(SlotBucket('Y', word, next));
        features.Add(SlotBucket('Z', At(-2), previous));
        features.Add(SlotBucket('V', next, At(2)));
        features.Add(SlotBucket('T', At(-2), previous, word));
        features.Add(SlotBucket('U', previous, word, next));
        features.Add(SlotBucket('R', At(-3), At(-2), previous));
        features.Add(SlotBucket('H', Shape(token)));
        features.Add(SlotBucket('I', previous, Shape(token)));
        features.Add(SlotBucket('J', Shape(token), next));
        if (token.Shape == TokenShape.Word)
        {
            features.Add(SlotBucket('3', word.AsSpan(0, Math.Min(3, word.Length))));
            features.Add(SlotBucket('4', word.AsSpan(Math.Max(0, word.Length - 3))));
            features.Add(SlotBucket('5', word.AsSpan(0, Math.Min(4, word.Length))));
            features.Add(SlotBucket('6', word.AsSpan(Math.Max(0, word.Length - 2))));
        }

        features.Add(SlotBucket('1', tokens[0].Norm));

        // Names and references have no words of their own to be known by: what introduced them, and how far back, is what tells.
        var cue = "<s>";
        var distance = 0;
        for (var back = 1; back <= 5 && back <= index && distance == 0; back++)
        {
            var before = tokens[index - back];
            if (before.Shape is TokenShape.Number or TokenShape.Iban || Cues.Contains(before.Norm))
            {
                (cue, distance) = (before.Shape == TokenShape.Word ? before.Norm : "#", back);
            }
        }

        var kind = Class(token);
        features.Add(SlotBucket('e', kind, previous));
        features.Add(SlotBucket('f', kind, next));
        features.Add(SlotBucket('g', kind, cue));
        features.Add(SlotBucket('h', index > 0 ? Class(tokens[index - 1]) : "<s>", kind, index + 1 < tokens.Count ? Class(tokens[index + 1]) : "</s>"));
        features.Add(SlotBucket('a', cue));
        features.Add(SlotBucket('b', cue, distance switch { 0 => "0", 1 => "1", 2 => "2", 3 => "3", _ => "4" }));
        features.Add(SlotBucket('c', cue, word));
        features.Add(SlotBucket('d', cue, tokens[0].Norm));
        features.Add(SlotBucket('2', index == 0 ? "first" : index == tokens.Count - 1 ? "last" : "inside"));
        features.Add(SlotBucket('0', tokens.Count == 1 ? "alone" : "among"));
    }

    // The closed classes of the language; names are no such class.
    private static string Class(Token token) => token.Shape switch
    {
        TokenShape.Number => "number",
        TokenShape.Iban => "iban",
        TokenShape.Symbol => token.Text,
        _ => token.Norm switch
        {
            "one" or "two" or "three" or "four" or "five" or "six" or "seven" or "eight" or "nine" or "ten" or "eleven" or "twelve" or "fifteen" or "twenty" or "thirty" or "forty" or "fifty"
                or "sixty" or "seventy" or "eighty" or "ninety" or "hundred" or "thousand" => "number",
            "quid" or "pound" or "pounds" or "pence" or "p" or "gbp" or "tenner" or "fiver" or "grand" or "k" => "money",
            "january" or "february" or "march" or "april" or "may" or "june" or "july" or "august" or "september" or "october" or "november" or "december" or "jan" or "feb" or "mar" or "apr"
                or "jun" or "jul" or "aug" or "sep" or "sept" or "oct" or "nov" or "dec" => "month",
            "monday" or "tuesday" or "wednesday" or "thursday" or "friday" or "saturday" or "sunday" or "mon" or "tue" or "tues" or "wed" or "thu" or "thur" or "thurs" or "fri" or "sat" or "sun" => "day",
            "today" or "yesterday" or "tonight" or "week" or "month" or "year" or "weekend" or "quarter" or "days" or "weeks" or "months" or "fortnight" => "time",
            "current" or "savings" or "saving" or "saver" or "isa" or "joint" or "pot" or "fund" or "account" or "bills" => "account",
            "my" or "the" or "our" or "his" or "her" or "their" or "a" or "an" or "your" => "article",
            _ => Cues.Contains(token.Norm) ? "cue" : "word",
        },
    };

    private static string Shape(Token token) => token.Shape switch
    {
        TokenShape.Number => "9",
        TokenShape.Iban => "I",
        TokenShape.Symbol => token.Text,
        _ => char.IsUpper(token.Text[0]) ? token.Text.Length > 1 && char.IsUpper(token.Text[1]) ? "XX" : "Xx" : "xx",
    };

    private static int IntentBucket(char kind, ReadOnlySpan<char> first, ReadOnlySpan<char> second = default, ReadOnlySpan<char> third = default) =>
        Bucket(IntentBuckets, kind, first, second, third);

    private static int SlotBucket(char kind, ReadOnlySpan<char> first, ReadOnlySpan<char> second = default, ReadOnlySpan<char> third = default) =>
        Bucket(SlotBuckets, kind, first, second, third);

    private static int Bucket(int buckets, char kind, ReadOnlySpan<char> first, ReadOnlySpan<char> second, ReadOnlySpan<char> third)
    {
        unchecked
        {
            // FNV-1a, 32 bits, over UTF-16 units.
            var hash = 2166136261u;
            hash = (hash ^ kind) * 16777619u;
            hash = Mix(hash, first);
            hash = (hash ^ 0x1F) * 16777619u;
            hash = Mix(hash, second);
            hash = (hash ^ 0x1F) * 16777619u;
            hash = Mix(hash, third);
            hash ^= hash >> 15;
            return (int)(hash & (uint)(buckets - 1));
        }
    }

    private static uint Mix(uint hash, ReadOnlySpan<char> text)
    {
        unchecked
        {
            foreach (var c in text)
            {
                hash = (hash ^ c) * 16777619u;
            }

            return hash;
        }
    }
}
