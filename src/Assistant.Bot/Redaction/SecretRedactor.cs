using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Banking.Client;

namespace Assistant.Bot.Redaction;

/// <summary>What was taken out of a message.</summary>
[Flags]
internal enum RedactedKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A payment card number (ISO/IEC 7812, Luhn check digit).</summary>
    CardNumber = 1,

    /// <summary>A one-time code, PIN or card security code.</summary>
    Code = 2,

    /// <summary>A password.</summary>
    Password = 4,
}

/// <summary>
/// Takes card numbers, codes and passwords out of what a customer wrote before anything is stored, logged or shown to a planner.
/// It errs on the side of removing: a figure lost is asked for again, a secret kept is a secret leaked.
/// </summary>
internal static partial class SecretRedactor
{
    private const string CardPlaceholder = "[card number removed]";
    private const string CodePlaceholder = "[code removed]";
    private const string PasswordPlaceholder = "[password removed]";

    /// <summary>The text without its secrets, and what they were.</summary>
    public static (string Text, RedactedKinds Kinds) Redact(string text)
    {
        // Compatibility forms (full-width or mathematical digits) read like digits, so they are made digits before anything is looked for.
        text = InvisibleCharacters().Replace(text.IsNormalized(NormalizationForm.FormKC) ? text : text.Normalize(NormalizationForm.FormKC), "");
        // Long runs of blanks carry nothing, and would make the patterns below slow.
        text = BlankRuns().Replace(text, "  ");
        text = string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                span[i] = char.IsDigit(source[i]) ? (char)('0' + (int)char.GetNumericValue(source[i])) : source[i];
            }
        });

        var kinds = RedactedKinds.None;
        text = AnnouncedPassword().Replace(text, match =>
        {
            kinds |= RedactedKinds.Password;
            return string.Concat(match.Groups["lead"].ValueSpan, PasswordPlaceholder);
        });

        var ibans = IbanCandidate().Matches(text).Where(match => ContainsIban(match.Value)).Select(match => (Start: match.Index, End: match.Index + match.Length)).ToList();
        text = CardCandidate().Replace(text, match =>
        {
            if (ibans.Exists(iban => match.Index < iban.End && iban.Start < match.Index + match.Length) || !HasCardNumber(match.Value))
            {
                return match.Value;
            }

            kinds |= RedactedKinds.CardNumber;
            return CardPlaceholder;
        });

        text = AnnouncedCode().Replace(text, match =>
        {
            kinds |= RedactedKinds.Code;
            return string.Concat(match.Groups["lead"].ValueSpan, CodePlaceholder);
        });
        text = CodeThenName().Replace(text, match =>
        {
            kinds |= RedactedKinds.Code;
            return string.Concat(CodePlaceholder, match.Groups["tail"].ValueSpan);
        });
        // Six digits and nothing else is how somebody answers "enter your code".
        text = BareCode().Replace(text, _ =>
        {
            kinds |= RedactedKinds.Code;
            return CodePlaceholder;
        });
        return (text, kinds);
    }

    /// <summary>Redacts every string of a JSON value, and its numbers of card length.</summary>
    public static (JsonNode? Value, RedactedKinds Kinds) Redact(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject source:
                {
                    var result = new JsonObject();
                    var kinds = RedactedKinds.None;
                    foreach (var (name, member) in source)
                    {
                        var (redacted, found) = Redact(member);
                        result[name] = redacted;
                        kinds |= found;
                    }

                    return (result, kinds);
                }

            case JsonArray source:
                {
                    var result = new JsonArray();
                    var kinds = RedactedKinds.None;
                    foreach (var member in source)
                    {
                        var (redacted, found) = Redact(member);
                        result.Add(redacted);
                        kinds |= found;
                    }

                    return (result, kinds);
                }

            case JsonValue leaf when leaf.TryGetValue<string>(out var text):
                {
                    var (redacted, kinds) = Redact(text);
                    return (JsonValue.Create(redacted), kinds);
                }

            case JsonValue leaf when HasCardNumber(leaf.ToJsonString()):
                return (JsonValue.Create(CardPlaceholder), RedactedKinds.CardNumber);
            default:
                return (value?.DeepClone(), RedactedKinds.None);
        }
    }

    /// <summary>Whether nothing but removed secrets and punctuation is left.</summary>
    public static bool IsOnlyPlaceholders(string text) => Placeholders().Replace(text, "").All(c => !char.IsLetterOrDigit(c));

    /// <summary>What the customer is told.</summary>
    public static string Explain(RedactedKinds kinds)
    {
        var removed = new List<string>();
        if (kinds.HasFlag(RedactedKinds.CardNumber))
        {
            removed.Add("a card number");
        }

        if (kinds.HasFlag(RedactedKinds.Code))
        {
            removed.Add("a security code");
        }

        if (kinds.HasFlag(RedactedKinds.Password))
        {
            removed.Add("a password");
        }

        return $"I removed {string.Join(" and ", removed)} from your message before it was saved. Please never share those here: nobody from the bank, including me, will ask for them in chat."
            + (kinds.HasFlag(RedactedKinds.Password) ? " If it was your current password, change it on the bank's own pages." : "");
    }

    private static bool ContainsIban(string candidate)
    {
        // The words after an IBAN may look like its continuation; any prefix that checks counts.
        var compact = candidate.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
        for (var length = Math.Min(34, compact.Length); length >= 15; length--)
        {
            if (Iban.TryNormalize(compact[..length], out _))
            {
                return true;
            }
        }

        return false;
    }

    // Any run of 13 to 19 digits inside the candidate that passes Luhn: neighbours may have been glued on to hide it.
    private static bool HasCardNumber(string candidate)
    {
        var digits = candidate.Where(char.IsAsciiDigit).Select(c => c - '0').ToArray();
        for (var length = Math.Min(19, digits.Length); length >= 13; length--)
        {
            for (var start = 0; start + length <= digits.Length; start++)
            {
                if (digits[start] != 0 && (start == 0 || digits.Length <= 19) && PassesLuhn(digits.AsSpan(start, length)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool PassesLuhn(ReadOnlySpan<int> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)];
            sum += i % 2 == 0 ? digit : digit > 4 ? (digit * 2) - 9 : digit * 2;
        }

        return sum % 10 == 0;
    }

    [GeneratedRegex("[ \t]{3,}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex BlankRuns();

    [GeneratedRegex("[\u200B-\u200F\u2060\uFEFF\u00AD]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex InvisibleCharacters();

    [GeneratedRegex(@"(?<lead>\b(?:pass\s?word|pass\s?phrase|pass\s?wd|passwort|pwd|pw)\b\s*(?:(?:is|was|=|:|-|->)\s*){1,2})(?!\s*(?:not|wrong|expired|forgotten|lost|incorrect|locked|too|being|the|a|no|never|still|safe|secure|needed|required)\b)(?<secret>""[^""\n]+""|'[^'\n]+'|[^\n]+?)(?=[.,;!?]?\s*(?:\n|$)|[.,;!?]\s|\s+(?:and|but|so|please|can|could)\s)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex AnnouncedPassword();

    [GeneratedRegex(@"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,40}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex IbanCandidate();

    [GeneratedRegex(@"(?<![A-Za-z0-9])[0-9](?:[ .,_/\-\u2010-\u2015]{0,3}[0-9]){12,23}(?![0-9])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex CardCandidate();

    [GeneratedRegex(@"(?<lead>(?:(?<!\bsort[ -]?|\bpost[ -]?|\bpostal[ -]?|\bzip[ -]?|\barea[ -]?|\bdiscount[ -]?)\bcode\b|\bpass\s?code\b|\bo\.?t\.?p\b|\btotp\b|\b2fa\b|\bmfa\b|\bauthenticator\b|\bverification\b|\bpin\b|\bc[vc][vc]2?\b|\bsecurity (?:code|number)\b|\bone[- ]time (?:code|password|passcode)\b)(?:\s+(?:number|code|is|was|from|the|my|app|says|shows|it|to|enter|for|your|sms|text|message|i|got|this|now))*\s*(?:[:=#,-]|->)*\s*)(?<secret>[0-9](?:[ -]?[0-9]){2,7})(?![0-9])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex AnnouncedCode();

    [GeneratedRegex(@"(?<![£$€0-9.,])\b(?<secret>[0-9]{3}[ -]?[0-9]{3})\b(?<tail>\s*(?:,|-|:)?\s*(?:is|was|that'?s|as)\s+(?:my|the|your)\s+(?:[a-z]+\s+){0,2}(?:code|passcode|otp|totp|pin|2fa|token)\b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex CodeThenName();

    [GeneratedRegex(@"^\s*[0-9]{3}[ -]?[0-9]{3}\s*[.!]?\s*$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex BareCode();

    [GeneratedRegex(@"\[(?:card number|code|password) removed\]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Placeholders();
}
