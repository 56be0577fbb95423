using System.Collections.Concurrent;
using Npgsql;

namespace Assistant.Bot.Turns;

/// <summary>
/// Runs the turns of this process: at once for what arrived here, and by looking for abandoned ones, so that what a killed
/// process left is taken up by another.
/// </summary>
internal sealed class TurnDispatcher(TurnRunner runner, ITurnJournal journal, Conversations.ConversationStore store, TimeProvider clock, ILogger<TurnDispatcher> logger) : BackgroundService
{
    /// <summary>Conversations worked on at once; the rest waits here, already committed.</summary>
    private const int ConcurrentTurnsMax = 64;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<long, Task> _running = new();
    private readonly SemaphoreSlim _slots = new(ConcurrentTurnsMax);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Says that a conversation has a turn to run. Returns at once.</summary>
    public void Signal(long conversationKey)
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        // Whoever runs already looks again before it lets go, so a second runner is not needed.
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_running.TryAdd(conversationKey, start.Task))
        {
            _ = RunAsync(conversationKey, start);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_running.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _slots.Dispose();
        _stopping.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sweepAt = clock.GetUtcNow();
        using var timer = new PeriodicTimer(LookEvery, clock);
        do
        {
            try
            {
                foreach (var key in await journal.FindAbandonedAsync(conversationKey: null, stoppingToken))
                {
                    Signal(key);
                }

                if (clock.GetUtcNow() >= sweepAt)
                {
                    await store.SweepAsync(stoppingToken);
                    sweepAt = clock.GetUtcNow() + SweepEvery;
                }
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
            {
                logger.LogWarning("Looking for abandoned turns failed ({Reason}); looking again.", fault.GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private async Task RunAsync(long conversationKey, TaskCompletionSource done)
    {
        try
        {
            await _slots.WaitAsync(_stopping.Token);
            try
            {
                await runner.RunAsync(conversationKey, _stopping.Token);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The journal has it; another process, or the next start of this one, goes on.
        }
        catch (LeaseLostException)
        {
            // Whoever took the conversation goes on.
        }
#pragma warning disable CA1031 // Nothing a turn does may end the process; the recoverer tries it again.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            logger.LogError("A turn of conversation key {Key} stopped: {Fault}. It will be resumed.", conversationKey, fault.GetType().Name);
        }
        finally
        {
            _running.TryRemove(conversationKey, out _);
            done.SetResult();
        }

        // What arrived between the runner's last look and now found us still registered.
        if (!_stopping.IsCancellationRequested)
        {
            await LookAgainAsync(conversationKey);
        }
    }

    private async Task LookAgainAsync(long conversationKey)
    {
        try
        {
            if ((await journal.FindAbandonedAsync(conversationKey, _stopping.Token)).Count > 0)
            {
                Signal(conversationKey);
            }
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException or OperationCanceledException)
        {
            // The periodic look finds it.
        }
    }
}
