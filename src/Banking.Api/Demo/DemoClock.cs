namespace Banking.Api.Demo;

/// <summary>The clock of the demo's past: it stands where it is put and only goes forward. Timers run in real time.</summary>
internal sealed class DemoClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private DateTimeOffset _now = start;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    /// <summary>Goes forward to an instant; an instant that has passed leaves the clock where it is.</summary>
    public void MoveTo(DateTimeOffset instant)
    {
        lock (_gate)
        {
            _now = instant > _now ? instant.ToUniversalTime() : _now;
        }
    }

    /// <summary>Goes forward.</summary>
    public void Pass(TimeSpan time) => MoveTo(GetUtcNow() + time);
}
