using System.Globalization;

namespace Assistant.Bot.Understanding.Values;

/// <summary>
/// An amount as the customer wrote it. <paramref name="Amount"/> is a plain decimal string: at least two decimal places, and as many as
/// were written, so that an over-precise amount is refused by the bank and not rounded here. <paramref name="Currency"/> is null when none was named.
/// </summary>
public readonly record struct AmountText(string Amount, string? Currency, int Start, int Length);

/// <summary>
/// Reads amounts of money from British English: <c>£60</c>, <c>60 quid</c>, <c>1.2k</c>, <c>sixty pounds fifty</c>, <c>a tenner</c>, <c>two grand</c>.
/// The same words always give the same amount; what is not clearly an amount gives none.
/// </summary>
public static class AmountParser
{
    private static readonly Dictionary<string, int> SmallNumbers = new(StringComparer.Ordinal)
    {
        ["zero"] = 0,
        ["one"] = 1,
        ["two"] = 2,
        ["three"] = 3,
        ["four"] = 4,
        ["five"] = 5,
        ["six"] = 6,
        ["seven"] = 7,
        ["eight"] = 8,
        ["nine"] = 9,
        ["ten"] = 10,
        ["eleven"] = 11,
        ["twelve"] = 12,
        ["thirteen"] = 13,
        ["fourteen"] = 14,
        ["fifteen"] = 15,
        ["sixteen"] = 16,
        ["seventeen"] = 17,
        ["eighteen"] = 18,
        ["nineteen"] = 19,
        ["twenty"] = 20,
        ["thirty"] = 30,
        ["forty"] = 40,
        ["fourty"] = 40,
        ["fifty"] = 50,
        ["sixty"] = 60,
        ["seventy"] = 70,
        ["eighty"] = 80,
        ["ninety"] = 90,
    };

    private static readonly Dictionary<string, decimal> Multipliers = new(StringComparer.Ordinal)
    {
        ["hundred"] = 100,
        ["thousand"] = 1000,
        ["k"] = 1000,
        ["grand"] = 1000,
        ["million"] = 1_000_000,
        ["m"] = 1_000_000,
    };

    private static readonly Dictionary<string, decimal> Notes = new(StringComparer.Ordinal)
    {
        ["fiver"] = 5,
        ["tenner"] = 10,
        ["twenner"] = 20,
        ["grand"] = 1000,
        ["hundred"] = 100,
        ["thousand"] = 1000,
        ["quid"] = 1,
        ["pound"] = 1,
    };

    private static readonly Dictionary<string, string> Currencies = new(StringComparer.Ordinal)
    {
        ["£"] = "GBP",
        ["gbp"] = "GBP",
        ["pound"] = "GBP",
        ["pounds"] = "GBP",
        ["quid"] = "GBP",
        ["squid"] = "GBP",
        ["sterling"] = "GBP",
        ["€"] = "EUR",
        ["eur"] = "EUR",
        ["euro"] = "EUR",
        ["euros"] = "EUR",
        ["$"] = "USD",
        ["usd"] = "USD",
        ["dollar"] = "USD",
        ["dollars"] = "USD",
        ["¥"] = "JPY",
        ["yen"] = "JPY",
        ["jpy"] = "JPY",
        ["chf"] = "CHF",
        ["francs"] = "CHF",
        ["pln"] = "PLN",
        ["zloty"] = "PLN",
    };

    /// <summary>The one amount that <paramref name="text"/> is, apart from words around it such as "about" or "another".</summary>
    public static bool TryParse(string text, out AmountText amount)
    {
        var found = Find(text);
        amount = found.Count > 0 ? found[0] : default;
        return found.Count == 1;
    }

    /// <summary>
    /// Every amount in <paramref name="text"/>, left to right, with its place. A bare number counts: whether it is meant as an amount is for
    /// the caller to know.
    /// </summary>
    public static IReadOnlyList<AmountText> Find(string text)
    {
        var tokens = Tokenizer.Tokenize(text);
        var found = new List<AmountText>();
        var index = 0;
        while (index < tokens.Count)
        {
            if (ReadAt(tokens, index, out var end) is { } amount)
            {
                found.Add(amount);
                index = end;
            }
            else
            {
                index++;
            }
        }

        return found;
    }

    private static AmountText? ReadAt(IReadOnlyList<Token> tokens, int start, out int end)
    {
        var i = start;
        string? currency = null;
        var negative = false;
        end = start;
        bool Is(int at, params ReadOnlySpan<string> words) => at < tokens.Count && words.Contains(tokens[at].Norm);
        bool Touches(int at) => at > 0 && at < tokens.Count && tokens[at - 1].End == tokens[at].Start;

        void ReadSign()
        {
            if (Is(i, "-", "−", "minus") && (Touches(i + 1) || tokens[i].Norm == "minus") && i + 1 < tokens.Count)
            {
                negative = true;
                i++;
            }
        }

        ReadSign();
        if (i < tokens.Count && tokens[i].Norm is "£" or "€" or "$" or "¥" or "gbp" or "eur" or "usd" or "jpy" or "chf" or "pln")
        {
            currency = Currencies[tokens[i].Norm];
            i++;
            ReadSign();
        }

        if (ReadNumber(tokens, ref i) is not { } number)
        {
            return null;
        }

        if (i < tokens.Count && Currencies.TryGetValue(tokens[i].Norm, out var named))
        {
            currency ??= named;
            i++;
            // "sixty pounds fifty", "60 quid and 20p": the minor unit may follow, with "and" only when it is named.
            var minorAt = Is(i, "and") ? i + 1 : i;
            if (decimal.IsInteger(number.Value) && number.Value < 1_000_000_000m && minorAt < tokens.Count)
            {
                var j = minorAt;
                if (ReadNumber(tokens, ref j) is { Decimals: 0 } minor && minor.Value is > 0 and < 100
                    && (Is(j, "p", "pence", "cents", "c") || (minorAt == i && minor.Value >= 10 && !Currencies.ContainsKey(j < tokens.Count ? tokens[j].Norm : ""))))
                {
                    number = new Number(number.Value + (minor.Value / 100), 2, null);
                    i = Is(j, "p", "pence", "cents", "c") ? j + 1 : j;
                }
            }
        }
        else if (currency is null && Is(i, "p", "pence") && number.Decimals == 0)
        {
            number = new Number(number.Value / 100, 2, null);
            currency = "GBP";
            i++;
        }
        else if (currency is not null && Is(i, "and"))
        {
            // "£60 and 50p"
            var j = i + 1;
            if (ReadNumber(tokens, ref j) is { Decimals: 0 } minor && minor.Value is > 0 and < 100 && Is(j, "p", "pence") && decimal.IsInteger(number.Value))
            {
                number = new Number(number.Value + (minor.Value / 100), 2, null);
                i = j + 1;
            }
        }

        end = i;
        var plain = number.Literal ?? number.Value.ToString(CultureInfo.InvariantCulture);
        var point = plain.IndexOf('.', StringComparison.Ordinal);
        var decimals = point < 0 ? 0 : plain.Length - point - 1;
        plain = decimals switch { 0 => plain + ".00", 1 => plain + "0", _ => plain };
        return new AmountText((negative ? "-" : "") + plain, currency, tokens[start].Start, tokens[i - 1].End - tokens[start].Start);
    }

    // Literal keeps the digits as written: a decimal place too many must reach the bank.
    private readonly record struct Number(decimal Value, int Decimals, string? Literal);

    private static Number? ReadNumber(IReadOnlyList<Token> tokens, ref int i)
    {
        if (i >= tokens.Count)
        {
            return null;
        }

        var token = tokens[i];
        string? At(int at) => at < tokens.Count ? tokens[at].Norm : null;
        if (token.Shape == TokenShape.Number)
        {
            var literal = token.Text.Replace(",", "", StringComparison.Ordinal);
            if (literal.Length > 24 || !decimal.TryParse(literal, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            {
                return null;
            }

            i++;
            if (ReadHalf(tokens, ref i))
            {
                value += 0.5m;
                literal = value.ToString(CultureInfo.InvariantCulture);
            }

            var scaled = false;
            while (At(i) is { } word && Multipliers.TryGetValue(word, out var multiplier) && (word is not "m" || tokens[i].Start == tokens[i - 1].End))
            {
                value *= multiplier;
                scaled = true;
                i++;
            }

            if (scaled)
            {
                value = Trim(value);
                return new Number(value, value.Scale, null);
            }

            // "07" and "1,000.50" are amounts; leading zeros say nothing.
            literal = literal.TrimStart('0');
            literal = literal.Length == 0 || literal[0] == '.' ? "0" + literal : literal;
            return new Number(value, value.Scale, literal);
        }

        if (token.Shape != TokenShape.Word)
        {
            return null;
        }

        var start = i;
        decimal total = 0;
        decimal group = 0;
        var any = false;
        if (token.Norm is "a" or "an" or "another" or "half" or "couple")
        {
            var skip = token.Norm switch
            {
                "couple" when At(i + 1) == "of" => 2,
                "half" when At(i + 1) == "a" => 2,
                "couple" or "half" => 1,
                _ when At(i + 1) == "couple" && At(i + 2) == "of" => 3,
                _ when At(i + 1) == "couple" => 2,
                _ => 1,
            };
            var couple = tokens.Skip(i).Take(skip).Any(t => t.Norm == "couple");
            if (At(i + skip) is not { } note || !Notes.TryGetValue(note, out var noteValue) || (couple && noteValue == 1) || (token.Norm is "half" && noteValue < 1000))
            {
                return couple && At(i + skip) is "quid" or "pounds" ? Take(ref i, skip, 2) : null;
            }

            if (note is "fiver" or "tenner" or "twenner")
            {
                return Take(ref i, skip + 1, couple ? noteValue * 2 : noteValue);
            }

            if (noteValue == 1)
            {
                return Take(ref i, skip, 1);
            }

            if (token.Norm is "half" || couple)
            {
                return Take(ref i, skip + 1, token.Norm is "half" ? noteValue / 2 : noteValue * 2);
            }

            // "a hundred and twenty"
            group = 1;
            any = true;
            i += skip;
        }
        else if (token.Norm is "fiver" or "tenner" or "twenner")
        {
            return Take(ref i, 1, Notes[token.Norm]);
        }

        while (At(i) is { } word)
        {
            if (WordValue(word) is { } small)
            {
                // "twenty five" adds, "five twenty" does not belong together.
                if (any && group % 100 != 0 && (group % 10 != 0 || small >= 10 || group % 100 < 20))
                {
                    break;
                }

                group += small;
                any = true;
                i++;
            }
            else if (any && word == "hundred" && group is > 0 and < 100)
            {
                group *= 100;
                i++;
            }
            else if (any && word is "thousand" or "grand" or "k" && group > 0 && total == 0)
            {
                total = group * 1000;
                group = 0;
                i++;
            }
            else if (any && word == "and" && At(i + 1) == "a" && At(i + 2) == "half" && group > 0 && total == 0)
            {
                i += 3;
                var value = group + 0.5m;
                while (At(i) is { } unit && Multipliers.TryGetValue(unit, out var multiplier))
                {
                    value *= multiplier;
                    i++;
                }

                value = Trim(value);
                return new Number(value, value.Scale, null);
            }
            else if (any && word == "and" && (group % 100 == 0) && (total > 0 || group >= 100) && At(i + 1) is { } next && WordValue(next) is not null)
            {
                i++;
            }
            else if (any && word == "point" && At(i + 1) is { } digit && WordValue(digit) is < 10)
            {
                i++;
                var literal = (total + group).ToString(CultureInfo.InvariantCulture) + ".";
                while (At(i) is { } nextDigit && WordValue(nextDigit) is { } d and < 10)
                {
                    literal += d.ToString(CultureInfo.InvariantCulture);
                    i++;
                }

                var value = decimal.Parse(literal, CultureInfo.InvariantCulture);
                return new Number(value, value.Scale, literal);
            }
            else
            {
                break;
            }
        }

        if (!any)
        {
            i = start;
            return null;
        }

        return new Number(total + group, 0, null);

        static Number Take(ref int i, int tokens, decimal value)
        {
            i += tokens;
            return new Number(value, value.Scale, null);
        }
    }

    private static bool ReadHalf(IReadOnlyList<Token> tokens, ref int i)
    {
        if (i + 2 < tokens.Count && tokens[i].Norm == "and" && tokens[i + 1].Norm == "a" && tokens[i + 2].Norm == "half")
        {
            i += 3;
            return true;
        }

        return false;
    }

    private static int? WordValue(string word)
    {
        if (SmallNumbers.TryGetValue(word, out var value))
        {
            return value;
        }

        var dash = word.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && SmallNumbers.TryGetValue(word[..dash], out var tens) && tens >= 20
            && SmallNumbers.TryGetValue(word[(dash + 1)..], out var units) && units is > 0 and < 10 ? tens + units : null;
    }

    private static decimal Trim(decimal value) => value / 1.000000000000000000000000000000m;
}
