namespace Banking.Api.Infrastructure;

/// <summary>The bank's days: booking dates, limits and hours of the day are those of one time zone (<c>Bank:TimeZone</c>), whatever zone the customer is in.</summary>
public sealed class BankCalendar(IConfiguration configuration)
{
    /// <summary>The zone; Europe/London when not configured.</summary>
    public TimeZoneInfo Zone { get; } = TimeZoneInfo.FindSystemTimeZoneById(configuration["Bank:TimeZone"] ?? "Europe/London");

    /// <summary>The bank's date at an instant.</summary>
    public DateOnly DateOf(DateTimeOffset instant) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, Zone).DateTime);

    /// <summary>The zone's offset at an instant.</summary>
    public TimeSpan OffsetAt(DateTimeOffset instant) => Zone.GetUtcOffset(instant);

    /// <summary>When a bank day begins. A day that begins in a gap of the clock begins after it.</summary>
    public DateTimeOffset StartOf(DateOnly date)
    {
        var midnight = date.ToDateTime(TimeOnly.MinValue);
        return Zone.IsInvalidTime(midnight)
            ? new DateTimeOffset(midnight, Zone.GetUtcOffset(midnight.AddHours(-1))).ToUniversalTime()
            : new DateTimeOffset(midnight, Zone.GetUtcOffset(midnight)).ToUniversalTime();
    }
}
