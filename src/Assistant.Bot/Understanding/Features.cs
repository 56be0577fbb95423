namespace Assistant.Bot.Understanding;

/// <summary>Turns tokens into hashed features. Both sides of the models, training and use, go through here and nowhere else.</summary>
internal static class Features
{
    /// <summary>Buckets of each weight table (a power of two).</summary>
    public const int Buckets = 1 << 15;

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
                features.Add(Bucket('w', word));
                features.Add(Bucket('b', previous, word));
                features.Add(Bucket('s', beforePrevious, word));
                if (tokens[i].Shape == TokenShape.Word)
                {
                    var marked = $"<{word}>";
                    for (var n = 3; n <= 5; n++)
                    {
                        for (var start = 0; start + n <= marked.Length; start++)
                        {
                            features.Add(Bucket('c', marked.AsSpan(start, n)));
                        }
                    }
                }
            }

            beforePrevious = previous;
            previous = word;
        }

        features.Add(Bucket('b', previous, "</s>"));

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
            features.Add(Bucket('d', sequence[i]));
            features.Add(Bucket('e', sequence[i - 1], sequence[i]));
            if (i > 1)
            {
                features.Add(Bucket('f', sequence[i - 2], sequence[i - 1], sequence[i]));
            }
        }

        features.Add(Bucket('l', Math.Min(tokens.Count, 12) switch { <= 1 => "1", 2 => "2", 3 => "3", <= 6 => "6", <= 11 => "11", _ => "more" }));
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
        features.Add(Bucket('W', word));
        features.Add(Bucket('P', previous));
        features.Add(Bucket('N', next));
        features.Add(Bucket('Q', At(-2)));
        features.Add(Bucket('O', At(2)));
        features.Add(Bucket('X', previous, word));
        features.Add(Bucket('Y', word, next));
        features.Add(Bucket('Z', At(-2), previous));
        features.Add(Bucket('V', next, At(2)));
        features.Add(Bucket('T', At(-2), previous, word));
        features.Add(Bucket('U', previous, word, next));
        features.Add(Bucket('R', At(-3), At(-2), previous));
        features.Add(Bucket('H', Shape(token)));
        features.Add(Bucket('I', previous, Shape(token)));
        features.Add(Bucket('J', Shape(token), next));
        if (token.Shape == TokenShape.Word)
        {
            features.Add(Bucket('3', word.AsSpan(0, Math.Min(3, word.Length))));
            features.Add(Bucket('4', word.AsSpan(Math.Max(0, word.Length - 3))));
        }

        features.Add(Bucket('1', tokens[0].Norm));
        features.Add(Bucket('2', index == 0 ? "first" : index == tokens.Count - 1 ? "last" : "inside"));
        features.Add(Bucket('0', tokens.Count == 1 ? "alone" : "among"));
    }

    private static string Shape(Token token) => token.Shape switch
    {
        TokenShape.Number => "9",
        TokenShape.Iban => "I",
        TokenShape.Symbol => token.Text,
        _ => char.IsUpper(token.Text[0]) ? token.Text.Length > 1 && char.IsUpper(token.Text[1]) ? "XX" : "Xx" : "xx",
    };

    private static int Bucket(char kind, ReadOnlySpan<char> first, ReadOnlySpan<char> second = default, ReadOnlySpan<char> third = default)
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
            return (int)(hash & (Buckets - 1));
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
