using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Testing;

/// <summary>Waits for what other threads and processes do. Nothing else in the tests lets real time pass.</summary>
public static class Wait
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>How long <see cref="UntilAsync(Func{bool}, TimeSpan?, string)"/> waits when not told: long, since a slow machine is no defect.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the condition holds; fails the test when it does not within the time.</summary>
    public static Task UntilAsync(Func<bool> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string description = "") =>
        UntilAsync(() => Task.FromResult(condition()), timeout, description);

    /// <summary>Waits until the condition holds; fails the test when it does not within the time.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(condition))] string description = "")
    {
        var limit = timeout ?? DefaultTimeout;
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > limit)
            {
                Assert.Fail($"Waited {limit.TotalSeconds:0.#} s in vain for: {description}");
            }

            await Task.Delay(PollInterval);
        }
    }

    /// <summary>Waits until the source gives a value, and gives that back; fails the test when it does not within the time.</summary>
    public static async Task<T> ForAsync<T>(Func<Task<T?>> source, TimeSpan? timeout = null, [CallerArgumentExpression(nameof(source))] string description = "")
        where T : class
    {
        T? value = null;
        await UntilAsync(async () => (value = await source()) is not null, timeout, description);
        return value!;
    }
}
