namespace Banking.Api.Identity;

/// <summary>How long sessions live; section <c>Sessions</c>.</summary>
public sealed class SessionOptions
{
    /// <summary>Longest time without activity: five minutes for access to payment accounts (PSD2 RTS article 4(3)(d)).</summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest life, active or not.</summary>
    public TimeSpan Absolute { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How often activity is written down. A session ends up to this much early, never late.</summary>
    public TimeSpan TouchInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often sessions that ended by themselves are looked for, to tell those who listen.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(30);
}
