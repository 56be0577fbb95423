namespace Banking.Api.Infrastructure;

/// <summary>The bank's days: booking dates, limits and periods count in one time zone (<c>Bank:TimeZone</c>, Europe/London unless set).</summary>
public sealed class BankCalendar(TimeProvider clock, IConfiguration configuration)
{
    /// <summary>The zone.</summary>
    public TimeZoneInfo Zone { get; } = TimeZoneInfo.FindSystemTimeZoneById(configuration["Bank:TimeZone"] is { Length: > 0 } zone ? zone : "Europe/London");

    /// <summary>The bank day it is now.</summary>
    public DateOnly Today => DayOf(clock.GetUtcNow());

    /// <summary>The bank day of an instant.</summary>
    public DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, Zone).DateTime);
}
