using System.Globalization;
using Banking.Client;

namespace Bank.Web.Display;

/// <summary>How the bank writes amounts, dates and account numbers for people (en-GB, the bank's time zone).</summary>
internal sealed class Format(IConfiguration configuration, TimeProvider clock)
{
    private static readonly string[] Months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    private readonly TimeZoneInfo _zone = TimeZoneInfo.FindSystemTimeZoneById(configuration["Bank:TimeZone"] ?? "Europe/London");

    /// <summary>Today in the bank's time zone.</summary>
    public DateOnly Today => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), _zone).DateTime);

    /// <summary>The hour of the day, 0 to 23, in the bank's time zone.</summary>
    public int Hour(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, _zone).Hour;

    /// <summary><c>£1,234.50</c>; <c>-£5.00</c>; currencies without a familiar sign as <c>CHF 1,234.50</c>.</summary>
    public static string Amount(Money money)
    {
        var digits = (money.MinorUnits < 0 ? (-money).Amount : money.Amount).Split('.');
        var whole = long.Parse(digits[0], CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture);
        var sign = money.Currency.Code switch { "GBP" => "£", "EUR" => "€", "USD" => "US$", var code => code + "\u00a0" };
        return $"{(money.MinorUnits < 0 ? "-" : "")}{sign}{whole}{(digits.Length > 1 ? "." + digits[1] : "")}";
    }

    /// <summary>As <see cref="Amount"/>, money in with a plus: direction is told in text, not by colour alone.</summary>
    public static string Signed(Money money) => money.MinorUnits > 0 ? "+" + Amount(money) : Amount(money);

    /// <summary><c>5 November 2026</c>.</summary>
    public static string Date(DateOnly date) => $"{date.Day} {Months[date.Month - 1]} {date.Year}";

    /// <summary><c>November</c>.</summary>
    public static string Month(DateOnly date) => Months[date.Month - 1];

    /// <summary>Today, yesterday, or the date.</summary>
    public string Day(DateOnly date) => (Today.DayNumber - date.DayNumber) switch
    {
        0 => "Today",
        1 => "Yesterday",
        _ => Date(date),
    };

    /// <summary><c>5 November 2026, 14:03</c> in the bank's time zone.</summary>
    public string Instant(DateTimeOffset instant)
    {
        var local = TimeZoneInfo.ConvertTime(instant, _zone);
        return $"{Date(DateOnly.FromDateTime(local.DateTime))}, {local.Hour:00}:{local.Minute:00}";
    }

    /// <summary><c>14:03</c> in the bank's time zone.</summary>
    public string Time(DateTimeOffset instant)
    {
        var local = TimeZoneInfo.ConvertTime(instant, _zone);
        return $"{local.Hour:00}:{local.Minute:00}";
    }

    /// <summary>A category as a heading: <c>eating_out</c> is <c>Eating out</c>.</summary>
    public static string Label(string name)
    {
        var words = name.Replace('_', ' ').Replace('-', ' ');
        return words.Length == 0 ? words : char.ToUpperInvariant(words[0]) + words[1..];
    }
}
