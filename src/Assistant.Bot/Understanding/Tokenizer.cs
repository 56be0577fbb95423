using System.Text.RegularExpressions;
using Banking.Client;

namespace Assistant.Bot.Understanding;

/// <summary>What a token looks like, apart from its letters.</summary>
public enum TokenShape
{
    /// <summary>Letters.</summary>
    Word,

    /// <summary>Digits, perhaps with grouping commas and a decimal point.</summary>
    Number,

    /// <summary>A whole account number of ISO 13616 form, valid or not, spaces included.</summary>
    Iban,

    /// <summary>Anything else, one character at a time.</summary>
    Symbol,
}

/// <summary>A piece of an utterance: where it is and what models see of it (<paramref name="Norm"/>: lower case, numbers by shape).</summary>
public readonly record struct Token(int Start, int Length, string Text, string Norm, TokenShape Shape)
{
    /// <summary>Position after the last character.</summary>
    public int End => Start + Length;
}

/// <summary>Cuts an utterance into words, numbers, account numbers and symbols.</summary>
public static partial class Tokenizer
{
    /// <summary>More characters than this are not read: nobody types a payment order of that length.</summary>
    public const int MaxLength = 1000;

    /// <summary>Tokens of <paramref name="text"/> in order.</summary>
    public static IReadOnlyList<Token> Tokenize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength)
        {
            text = text[..MaxLength];
        }

        var tokens = new List<Token>();
        var position = 0;
        while (position < text.Length)
        {
            if (char.IsWhiteSpace(text[position]))
            {
                position++;
                continue;
            }

            if (IbanAt(text, position) is { } ibanLength)
            {
                tokens.Add(new Token(position, ibanLength, text.Substring(position, ibanLength), "#iban", TokenShape.Iban));
                position += ibanLength;
                continue;
            }

            var match = TokenPattern().Match(text, position);
            if (!match.Success)
            {
                break;
            }

            var value = match.Value;
            var shape = char.IsAsciiDigit(value[0]) ? TokenShape.Number : char.IsLetter(value[0]) ? TokenShape.Word : TokenShape.Symbol;
            var norm = shape switch { TokenShape.Number => NumberNorm(value), TokenShape.Word => WordNorm(value), _ => value };
            tokens.Add(new Token(match.Index, match.Length, value, norm, shape));
            position = match.Index + match.Length;
        }

        return tokens;
    }

    // Models learn from the size class of a number, never from its digits.
    private static string NumberNorm(string value) =>
        value.Contains('.', StringComparison.Ordinal) ? "#num.dd" : value.Length switch { 1 => "#num1", 2 => "#num2", 3 => "#num3", 4 => "#num4", _ => "#num5+" };

    // One form for the ways in which people type the same word: "what's" and "whats", "hellooo" and "hello", "pls" and "please".
    private static string WordNorm(string value)
    {
        Span<char> norm = stackalloc char[value.Length];
        var length = 0;
        for (var i = 0; i < value.Length; i++)
        {
            var c = char.ToLowerInvariant(value[i]);
            if (c is '\'' or '’')
            {
                continue;
            }

            var drawnOut = length >= 1 && norm[length - 1] == c
                && ((i + 1 < value.Length && char.ToLowerInvariant(value[i + 1]) == c) || (i >= 2 && char.ToLowerInvariant(value[i - 2]) == c));
            if (!drawnOut)
            {
                norm[length++] = c;
            }
        }

        var word = new string(norm[..length]);
        return word switch
        {
            "u" => "you",
            "ur" => "your",
            "pls" or "plz" or "plse" => "please",
            "thx" or "thanx" or "tnx" => "thanks",
            "wot" => "what",
            "acc" or "acct" or "ac" => "account",
            "accs" or "accts" => "accounts",
            "bal" => "balance",
            "amt" => "amount",
            "xfer" or "trf" => "transfer",
            "txn" => "transaction",
            "txns" => "transactions",
            "ref" => "reference",
            _ => word,
        };
    }

    /// <summary>
    /// The length of an account number that starts here: the longest run of groups with right check digits, or, when there is none, the run
    /// of groups that look like one, so that a mistyped number is still recognised and can be refused by name.
    /// </summary>
    private static int? IbanAt(string text, int start)
    {
        if (start > 0 && char.IsLetterOrDigit(text[start - 1]))
        {
            return null;
        }

        var head = IbanStart().Match(text, start, Math.Min(text.Length - start, 4));
        if (!head.Success || head.Index != start)
        {
            return null;
        }

        int? valid = null;
        int? shaped = null;
        var length = 0;
        var position = start;
        while (position < text.Length && length <= 34)
        {
            var end = position;
            var digits = 0;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
            {
                digits += char.IsAsciiDigit(text[end]) ? 1 : 0;
                end++;
            }

            if (end == position)
            {
                break;
            }

            length += end - position;
            if (length is >= 15 and <= 34 && Iban.TryNormalize(text[start..end], out _))
            {
                valid = end - start;
            }

            // The bank code is the one group of letters only, and it comes second.
            var looksRight = digits > 0 || (end - position == 4 && length == 8);
            if (!looksRight)
            {
                break;
            }

            if (length is >= 15 and <= 34)
            {
                shaped = end - start;
            }

            if (end >= text.Length || text[end] != ' ')
            {
                break;
            }

            position = end + 1;
        }

        return valid ?? shaped;
    }

    [GeneratedRegex(@"\d[\d,]*\.\d+|\d{1,3}(?:,\d{3})+|\d+|\p{L}+(?:['’-]\p{L}+)*|\S", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex TokenPattern();

    [GeneratedRegex(@"[A-Za-z]{2}\d{2}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex IbanStart();
}
