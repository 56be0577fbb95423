using System.Globalization;
using System.Text.RegularExpressions;

namespace Assistant.Bot.Understanding.Values;

/// <summary>Whole days, both ends included, and how to say them in a sentence ("last month", "since 16 November").</summary>
public readonly record struct Period(DateOnly From, DateOnly To, string Words);

/// <summary>
/// Reads days and spans of days from British English, relative to today in the bank's time zone: <c>last month</c>, <c>since Monday</c>,
/// <c>in March</c>, <c>the past 10 days</c>, <c>3 Nov</c>, <c>between 1 and 15 October</c>. Weeks begin on Monday; a day or month without a year is the latest
/// one that has begun.
/// </summary>
public static partial class PeriodParser
{
    private static readonly string[] Days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    private static readonly string[] Months =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

    /// <summary>Reads <paramref name="text"/>; false when it is no period this bank can search.</summary>
    public static bool TryParse(string text, DateOnly today, out Period period)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = Spaces().Replace(text.ToLowerInvariant().Replace('’', '\'').Trim(' ', '.', ',', '?', '!'), " ");
        words = Lead().Replace(words, "");
        var found = Parse(words, today);
        period = found ?? default;
        return found is not null;
    }

    private static Period? Parse(string words, DateOnly today)
    {
        var monday = today.AddDays(-(((int)today.DayOfWeek + 6) % 7));
        var month = new DateOnly(today.Year, today.Month, 1);
        var year = new DateOnly(today.Year, 1, 1);
        var taxYear = new DateOnly(today.Year, 4, 6) <= today ? new DateOnly(today.Year, 4, 6) : new DateOnly(today.Year - 1, 4, 6);
        switch (words)
        {
            case "today" or "so far today" or "tonight" or "this morning" or "this afternoon" or "this evening": return new Period(today, today, "today");
            case "yesterday" or "yesterday's" or "last night": return new Period(today.AddDays(-1), today.AddDays(-1), "yesterday");
            case "the day before yesterday": return Day(today.AddDays(-2));
            case "this week" or "so far this week" or "current week" or "the week": return new Period(monday, today, "this week");
            case "last week" or "previous week" or "week before" or "last wk": return new Period(monday.AddDays(-7), monday.AddDays(-1), "last week");
            case "this month" or "so far this month" or "current month" or "the month" or "month to date" or "this mth":
                return new Period(month, today, "this month");
            case "last month" or "previous month" or "month before" or "last mth" or "last month's":
                return new Period(month.AddMonths(-1), month.AddDays(-1), "last month");
            case "this year" or "so far this year" or "current year" or "the year" or "year to date" or "ytd": return new Period(year, today, "this year");
            case "last year" or "previous year": return new Period(year.AddYears(-1), year.AddDays(-1), "last year");
            case "this tax year" or "tax year" or "current tax year": return new Period(taxYear, today, "this tax year");
            case "last tax year" or "previous tax year": return new Period(taxYear.AddYears(-1), taxYear.AddDays(-1), "last tax year");
            case "weekend" or "this weekend" or "last weekend":
                var saturday = today.DayOfWeek is DayOfWeek.Saturday ? today : today.DayOfWeek is DayOfWeek.Sunday ? today.AddDays(-1) : monday.AddDays(-2);
                saturday = words == "last weekend" && saturday >= monday ? saturday.AddDays(-7) : saturday;
                return new Period(saturday, Min(saturday.AddDays(1), today), words is "last weekend" ? "last weekend" : "at the weekend");
            case "this quarter" or "last quarter" or "previous quarter":
                var quarter = new DateOnly(today.Year, ((today.Month - 1) / 3 * 3) + 1, 1);
                return words == "this quarter" ? new Period(quarter, today, "this quarter") : new Period(quarter.AddMonths(-3), quarter.AddDays(-1), "last quarter");
            case "last few days" or "past few days" or "recent days": return new Period(today.AddDays(-2), today, "in the last 3 days");
            case "fortnight" or "last fortnight" or "past fortnight": return new Period(today.AddDays(-13), today, "in the last fortnight");
            case "couple of weeks" or "last couple of weeks" or "past couple of weeks": return new Period(today.AddDays(-13), today, "in the last 2 weeks");
            case "couple of months" or "last couple of months" or "past couple of months" or "last few months":
                var months = words == "last few months" ? 3 : 2;
                return new Period(today.AddMonths(-months).AddDays(1), today, $"in the last {months} months");
        }

        if (LastSome().Match(words) is { Success: true } some)
        {
            var count = some.Groups["n"].Value is "" ? 1 : Number(some.Groups["n"].Value);
            if (count is null or < 1 or > 500)
            {
                return null;
            }

            var n = count.Value;
            var unit = some.Groups["unit"].Value;
            var from = unit switch
            {
                "day" => today.AddDays(1 - n),
                "week" => today.AddDays(1 - (7 * n)),
                "month" => today.AddMonths(-n).AddDays(1),
                _ => today.AddYears(-Math.Min(n, 50)).AddDays(1),
            };
            return new Period(from, today, n == 1 ? $"in the last {unit}" : $"in the last {n} {unit}s");
        }

        if (Ago().Match(words) is { Success: true } ago && Number(ago.Groups["n"].Value) is { } agoCount and > 0 and <= 500)
        {
            return ago.Groups["unit"].Value switch
            {
                "day" => Day(today.AddDays(-agoCount)),
                "week" => Day(today.AddDays(-7 * agoCount)),
                _ => Whole(month.AddMonths(-agoCount), today),
            };
        }

        if (Between().Match(words) is { Success: true } between)
        {
            var right = between.Groups["to"].Value;
            var left = between.Groups["from"].Value;
            // "between 1 and 15 October": the first day borrows the month of the second.
            if (OneDay(right, today) is { } to)
            {
                var from = OneDay(left, today) ?? (DayOnly().IsMatch(left) ? OneDay(left + MonthSuffix(right, to), today) : null);
                if (from is { } first)
                {
                    first = first > to ? first.AddYears(-1) : first;
                    return new Period(first, to, $"from {Print(first, today)} to {Print(to, today)}");
                }
            }

            if (Parse(left, today) is { } start && Parse(right, today) is { } stop && start.From <= stop.To)
            {
                return new Period(start.From, stop.To, $"from {Print(start.From, today)} to {Print(stop.To, today)}");
            }

            return null;
        }

        if (words.StartsWith("since ", StringComparison.Ordinal) || words.StartsWith("after ", StringComparison.Ordinal) || words.StartsWith("from ", StringComparison.Ordinal))
        {
            var rest = Lead().Replace(words[(words.IndexOf(' ', StringComparison.Ordinal) + 1)..], "");
            return Parse(rest, today) is { } since ? new Period(since.From, today, since.From == today ? "today" : $"since {Print(since.From, today)}") : null;
        }

        if (OneDay(words, today) is { } day)
        {
            return Day(day);
        }

        if (MonthYear().Match(words) is { Success: true } named && MonthIndex(named.Groups["month"].Value) is { } index)
        {
            var first = named.Groups["year"].Value is { Length: > 0 } yearText
                ? new DateOnly(int.Parse(yearText, CultureInfo.InvariantCulture), index, 1)
                : new DateOnly(index <= today.Month && !named.Groups["last"].Success ? today.Year : index < today.Month ? today.Year : today.Year - 1, index, 1);
            return first > today ? null : Whole(first, today);
        }

        if (YearOnly().IsMatch(words) && int.Parse(words, CultureInfo.InvariantCulture) is var y && y <= today.Year)
        {
            return new Period(new DateOnly(y, 1, 1), Min(new DateOnly(y, 12, 31), today), $"in {y}");
        }

        return null;

        Period Day(DateOnly d) => new(d, d, d == today ? "today" : d == today.AddDays(-1) ? "yesterday" : $"on {Print(d, today)}");
    }

    private static Period Whole(DateOnly first, DateOnly today) =>
        new(first, Min(first.AddMonths(1).AddDays(-1), today), $"in {first.ToString(first.Year == today.Year ? "MMMM" : "MMMM yyyy", CultureInfo.InvariantCulture)}");

    private static DateOnly? OneDay(string words, DateOnly today)
    {
        words = words.StartsWith("the ", StringComparison.Ordinal) ? words[4..] : words;
        switch (words)
        {
            case "today": return today;
            case "now": return today;
            case "yesterday": return today.AddDays(-1);
        }

        var weekday = words.StartsWith("last ", StringComparison.Ordinal) ? words[5..] : words.StartsWith("this ", StringComparison.Ordinal) ? words[5..] : words;
        for (var i = 0; i < 7; i++)
        {
            if (weekday == Days[i] || weekday == Days[i] + "'s" || (weekday.Length >= 3 && weekday.Length <= 5 && Days[i].StartsWith(weekday, StringComparison.Ordinal)))
            {
                var back = (((int)today.DayOfWeek + 6) % 7) - i;
                back = back < 0 ? back + 7 : back;
                back = back == 0 && words.StartsWith("last ", StringComparison.Ordinal) ? 7 : back;
                return today.AddDays(-back);
            }
        }

        if (Numeric().Match(words) is { Success: true } numeric)
        {
            var yearText = numeric.Groups["year"].Value;
            return Make(
                int.Parse(numeric.Groups["day"].Value, CultureInfo.InvariantCulture),
                int.Parse(numeric.Groups["month"].Value, CultureInfo.InvariantCulture),
                yearText.Length == 0 ? null : int.Parse(yearText, CultureInfo.InvariantCulture) is var y && yearText.Length == 2 ? 2000 + y : int.Parse(yearText, CultureInfo.InvariantCulture),
                today);
        }

        if (Iso().IsMatch(words) && DateOnly.TryParseExact(words, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var iso))
        {
            return iso;
        }

        var match = DayMonth().Match(words);
        if (!match.Success)
        {
            match = MonthDay().Match(words);
        }

        if (match.Success && MonthIndex(match.Groups["month"].Value) is { } month)
        {
            int? year = match.Groups["year"].Value is { Length: > 0 } yearText ? int.Parse(yearText, CultureInfo.InvariantCulture) : null;
            return Make(int.Parse(match.Groups["day"].Value, CultureInfo.InvariantCulture), month, year, today);
        }

        // "the 3rd"
        if (DayOnly().Match(words) is { Success: true } only && words.Length > 2)
        {
            var dayOfMonth = int.Parse(only.Groups["day"].Value, CultureInfo.InvariantCulture);
            var at = new DateOnly(today.Year, today.Month, 1);
            at = dayOfMonth > today.Day ? at.AddMonths(-1) : at;
            return Make(dayOfMonth, at.Month, at.Year, today);
        }

        return null;
    }

    private static DateOnly? Make(int day, int month, int? year, DateOnly today)
    {
        if (month is < 1 or > 12 || day is < 1 or > 31 || year is < 1990 or > 2200)
        {
            return null;
        }

        var y = year ?? today.Year;
        if (day > DateTime.DaysInMonth(y, month))
        {
            return null;
        }

        var date = new DateOnly(y, month, day);
        return year is null && date > today ? date.AddYears(-1) : date;
    }

    private static string MonthSuffix(string words, DateOnly to) =>
        " " + Months[to.Month - 1] + (Regex4Digits().IsMatch(words) ? $" {to.Year}" : "");

    private static int? MonthIndex(string word)
    {
        for (var i = 0; i < 12; i++)
        {
            if (word.Length >= 3 && (Months[i].StartsWith(word, StringComparison.Ordinal) || (word == "sept" && i == 8)))
            {
                return i + 1;
            }
        }

        return null;
    }

    private static int? Number(string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value
            : word switch { "a" or "an" => 1, "couple" or "couple of" => 2, "few" => 3, _ => AmountParser.TryParse(word, out var amount) && amount.Amount.EndsWith(".00", StringComparison.Ordinal) ? int.Parse(amount.Amount[..^3], CultureInfo.InvariantCulture) : null };

    private static DateOnly Min(DateOnly left, DateOnly right) => left < right ? left : right;

    private static string Print(DateOnly date, DateOnly today) => date.ToString(date.Year == today.Year ? "d MMMM" : "d MMMM yyyy", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"^(?:(?:in|on|for|during|over|within|of|at|about|the|my|from the)\s+)+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Lead();

    [GeneratedRegex(@"^(?:last|past|previous|recent)\s+(?:(?<n>\d{1,3}|[a-z-]+)\s+)?(?<unit>day|week|month|year)s?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex LastSome();

    [GeneratedRegex(@"^(?<n>\d{1,3}|[a-z]+|couple of)\s+(?<unit>day|week|month)s?\s+ago$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Ago();

    [GeneratedRegex(@"^(?:between|from)?\s*(?<from>.+?)\s+(?:and|to|until|till|through|-)\s+(?<to>.+)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Between();

    [GeneratedRegex(@"^(?<last>last\s+)?(?<month>[a-z]{3,9})'?s?(?:\s+(?<year>\d{4}))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex MonthYear();

    [GeneratedRegex(@"^(?:19|20)\d\d$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex YearOnly();

    [GeneratedRegex(@"\d{4}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Regex4Digits();

    [GeneratedRegex(@"^(?<day>\d{1,2})[/.](?<month>\d{1,2})(?:[/.](?<year>\d{4}|\d\d))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Numeric();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Iso();

    [GeneratedRegex(@"^(?:the\s+)?(?<day>\d{1,2})\s?(?:st|nd|rd|th)?\s+(?:of\s+)?(?<month>[a-z]{3,9})(?:\s+(?<year>\d{4}))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex DayMonth();

    [GeneratedRegex(@"^(?<month>[a-z]{3,9})\s+(?:the\s+)?(?<day>\d{1,2})\s?(?:st|nd|rd|th)?(?:\s+(?<year>\d{4}))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex MonthDay();

    [GeneratedRegex(@"^(?<day>\d{1,2})\s?(?:st|nd|rd|th)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex DayOnly();
}
