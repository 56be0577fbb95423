using System.Globalization;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>Prints what tools return.</summary>
internal static class Words
{
    /// <summary>An amount as a British reader expects it: <c>£1,234.50</c>, <c>-£5.00</c>, <c>12.00 CHF</c>. What is no number is printed as it came.</summary>
    public static string Money(string? amount, string? currency)
    {
        if (!decimal.TryParse(amount, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            return $"{amount} {currency}".Trim();
        }

        var sign = value < 0 ? "-" : "";
        var number = Math.Abs(value).ToString("N" + Math.Max((int)value.Scale, 0).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return currency switch
        {
            null or "GBP" => $"{sign}£{number}",
            "EUR" => $"{sign}€{number}",
            "USD" => $"{sign}${number}",
            _ => $"{sign}{number} {currency}",
        };
    }

    /// <summary>A customer's own words, short enough to repeat in a sentence.</summary>
    public static string Quote(string text) => text.Length <= 60 ? text : text[..57] + "...";

    /// <summary>First letter in upper case.</summary>
    public static string Sentence(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    /// <summary>An account's name after "your": "Current account" reads "your current account", a name of the customer's stays as it is.</summary>
    public static string Account(string name) => name.Contains("account", StringComparison.OrdinalIgnoreCase) ? name : $"{name} account";
}
