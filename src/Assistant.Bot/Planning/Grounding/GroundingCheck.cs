using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Assistant.Bot.Turns;

namespace Assistant.Bot.Planning.Grounding;

/// <summary>
/// Whether a model's words hold only figures that the bank answered in this turn, and claim only what it did. Amounts, dates, percentages and
/// account numbers are compared by value; anything that looks like one and is not found makes the whole reply unsendable.
/// </summary>
internal static partial class GroundingCheck
{
    public static bool IsGrounded(string text, IReadOnlyList<JournaledCall> calls)
    {
        var numbers = new HashSet<decimal>();
        var days = new HashSet<DateOnly>();
        var digits = new List<string>();
        var states = new HashSet<string>(StringComparer.Ordinal);
        foreach (var call in calls)
        {
            if (call.Result is { } result)
            {
                Collect(result, null, numbers, days, digits, states);
            }
        }

        if (CompletionClaim().IsMatch(text) && !states.Contains("executed"))
        {
            return false;
        }

        if (ActiveContent().IsMatch(text))
        {
            return false;
        }

        foreach (var match in WordNumber().Matches(text).Cast<Match>())
        {
            // Amounts in words cannot be compared with certainty, so they are not said.
            if (match.Success)
            {
                return false;
            }
        }

        var rest = IsoDate().Replace(text, match => days.Contains(DateOf(match.Groups["y"].Value, match.Groups["m"].Value, match.Groups["d"].Value)) ? " " : "?1234567890123?");
        rest = LongDate().Replace(rest, match => IsKnown(match, days) ? " " : "?1234567890123?");
        foreach (var match in Figure().Matches(rest).Cast<Match>())
        {
            var figure = match.Value;
            var bare = figure.Replace(",", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
            var isAmount = match.Groups["money"].Success || bare.Contains('.', StringComparison.Ordinal);
            if (decimal.TryParse(match.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && numbers.Contains(value))
            {
                continue;
            }

            // The end of an account number is how people name an account.
            if (!isAmount && bare.Length >= 4 && digits.Exists(known => known.EndsWith(bare, StringComparison.Ordinal)))
            {
                continue;
            }

            return false;
        }

        return true;
    }

    private static void Collect(JsonElement element, string? name, HashSet<decimal> numbers, HashSet<DateOnly> days, List<string> digits, HashSet<string> states)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    Collect(member.Value, member.Name, numbers, days, digits, states);
                }

                break;
            case JsonValueKind.Array:
                numbers.Add(element.GetArrayLength());
                foreach (var item in element.EnumerateArray())
                {
                    Collect(item, name, numbers, days, digits, states);
                }

                break;
            case JsonValueKind.Number when element.TryGetDecimal(out var number):
                numbers.Add(Math.Abs(number));
                break;
            case JsonValueKind.String:
                var text = element.GetString()!;
                switch (name)
                {
                    // Only members the bank fills: a figure in somebody's reference grounds nothing.
                    case "amount" or "booked" or "available" or "total":
                        if (decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
                        {
                            numbers.Add(Math.Abs(amount));
                        }

                        break;
                    case "date" or "from" or "to":
                        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                        {
                            days.Add(day);
                        }

                        break;
                    case "iban":
                        digits.Add(new string([.. text.Where(char.IsAsciiDigit)]));
                        break;
                    case "state":
                        states.Add(text);
                        break;
                    default:
                        break;
                }

                break;
            default:
                break;
        }
    }

    private static DateOnly DateOf(string year, string month, string day) =>
        DateOnly.TryParseExact($"{year}-{month}-{day}", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : DateOnly.MinValue;

    private static bool IsKnown(Match match, HashSet<DateOnly> days)
    {
        var month = Array.FindIndex(CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames, name => name.Length == 3 && match.Groups["month"].Value.StartsWith(name, StringComparison.OrdinalIgnoreCase)) + 1;
        var day = int.Parse(match.Groups["day"].Value, CultureInfo.InvariantCulture);
        return days.Any(known => known.Month == month && known.Day == day
            && (!match.Groups["year"].Success || known.Year == int.Parse(match.Groups["year"].Value, CultureInfo.InvariantCulture)));
    }

    [GeneratedRegex(@"\b(?:done|paid|sent|transferred|executed|completed|processed|gone through|went through|approved|on its way|has been made|was made|successful(?:ly)?)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CompletionClaim();

    [GeneratedRegex(@"https?://|www\.|!?\[[^\]]*\]\(|<[a-z/!]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ActiveContent();

    [GeneratedRegex(@"\b(?:hundred|thousand|million|grand|tenner|fiver|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WordNumber();

    [GeneratedRegex(@"\b(?<y>\d{4})-(?<m>\d{2})-(?<d>\d{2})\b", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IsoDate();

    [GeneratedRegex(@"\b(?<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?(?:,?\s+(?<year>\d{4}))?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LongDate();

    [GeneratedRegex(@"(?<money>[£€$]\s*)?(?<number>\d[\d,]*(?:\.\d+)?)(?<money>\s*(?:%|percent|pounds?|gbp|quid|eur|usd|p\b))?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Figure();
}
