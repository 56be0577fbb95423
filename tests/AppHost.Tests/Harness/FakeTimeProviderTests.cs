using Testing;

namespace AppHost.Tests.Harness;

public sealed class FakeTimeProviderTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 11, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Advance_FiresTimersInOrderAtTheirOwnInstants()
    {
        var clock = new FakeTimeProvider(Start);
        var fired = new List<string>();
        void Note(object? name) => fired.Add($"{name}@{(clock.GetUtcNow() - Start).TotalSeconds}");
        using var once = clock.CreateTimer(Note, "once", TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = clock.CreateTimer(Note, "often", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["often@2", "once@3", "often@4"], fired);
        Assert.Equal(Start.AddSeconds(5), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(5), clock.GetElapsedTime(Start.UtcTicks));
    }

    [Fact]
    public async Task Advance_EndsDelaysAndTimeoutsMadeFromTheClock()
    {
        var clock = new FakeTimeProvider(Start);
        var delay = Task.Delay(TimeSpan.FromMinutes(5), clock);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(10), clock);

        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromTicks(1));
        await delay.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(timeout.IsCancellationRequested);
        clock.Advance(TimeSpan.FromMinutes(5));
        await Wait.UntilAsync(() => timeout.IsCancellationRequested);
        Assert.Equal(0, clock.PendingTimers);
    }

    [Fact]
    public void Dispose_StopsATimer()
    {
        var clock = new FakeTimeProvider(Start);
        var fired = 0;
        var timer = clock.CreateTimer(_ => fired++, state: null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        clock.Advance(TimeSpan.FromSeconds(2));
        timer.Dispose();
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, fired);
    }

    [Fact]
    public void Advance_NeverGoesBack() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new FakeTimeProvider(Start).AdvanceTo(Start.AddTicks(-1)));
}
