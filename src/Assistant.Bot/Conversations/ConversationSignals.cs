using System.Globalization;
using System.Threading.Channels;
using Npgsql;

namespace Assistant.Bot.Conversations;

/// <summary>What a socket is woken for.</summary>
[Flags]
internal enum ConversationSignal
{
    /// <summary>Nothing new.</summary>
    None = 0,

    /// <summary>Read the database: there are activities, the conversation ended, or a newer socket took over.</summary>
    Read = 1,

    /// <summary>The assistant is typing.</summary>
    Typing = 2,
}

/// <summary>
/// Wakes this process's sockets from PostgreSQL's NOTIFY. A signal says only "look": the truth is in the database, so a lost or
/// doubled signal loses or doubles no message, and it does not matter which process wrote.
/// </summary>
internal sealed class ConversationSignals(NpgsqlDataSource database, TimeProvider clock, ILogger<ConversationSignals> logger) : BackgroundService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, List<Subscription>> _listeners = [];

    /// <summary>Conversations with a socket in this process.</summary>
    public IReadOnlyList<long> Connected
    {
        get
        {
            lock (_lock)
            {
                return [.. _listeners.Keys];
            }
        }
    }

    /// <summary>Signals of one conversation until the subscription is disposed.</summary>
    public Subscription Subscribe(long conversationKey)
    {
        var subscription = new Subscription(this, conversationKey);
        lock (_lock)
        {
            if (!_listeners.TryGetValue(conversationKey, out var listeners))
            {
                _listeners.Add(conversationKey, listeners = []);
            }

            listeners.Add(subscription);
        }

        return subscription;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(stoppingToken);
                connection.Notification += (_, notification) => Dispatch(notification.Payload);
                await using (var listen = connection.Statement("listen assistant_conversation"))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                // Whatever was notified while nobody listened is found by looking once.
                foreach (var key in Connected)
                {
                    Wake(key, ConversationSignal.Read);
                }

                while (true)
                {
                    await connection.WaitAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or InvalidOperationException)
            {
                logger.LogWarning("Listening for conversations was interrupted ({Reason}); connecting again.", exception.GetType().Name);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Dispatch(string payload)
    {
        if (payload.Length > 2 && long.TryParse(payload.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var key))
        {
            Wake(key, payload[0] == 't' ? ConversationSignal.Typing : ConversationSignal.Read);
        }
    }

    private void Wake(long key, ConversationSignal signal)
    {
        lock (_lock)
        {
            foreach (var listener in _listeners.GetValueOrDefault(key) ?? [])
            {
                listener.Raise(signal);
            }
        }
    }

    private void Remove(Subscription subscription, long key)
    {
        lock (_lock)
        {
            if (_listeners.TryGetValue(key, out var listeners) && listeners.Remove(subscription) && listeners.Count == 0)
            {
                _listeners.Remove(key);
            }
        }
    }

    /// <summary>Signals not yet taken are merged: each means "look", and looking once is enough.</summary>
    internal sealed class Subscription(ConversationSignals owner, long key) : IDisposable
    {
        private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        private int _pending;

        public void Raise(ConversationSignal signal)
        {
            Interlocked.Or(ref _pending, (int)signal);
            _raised.Writer.TryWrite(true);
        }

        /// <summary>Waits for the next signal and takes all that are raised.</summary>
        public async Task<ConversationSignal> WaitAsync(CancellationToken cancellationToken)
        {
            await _raised.Reader.ReadAsync(cancellationToken);
            return (ConversationSignal)Interlocked.Exchange(ref _pending, 0);
        }

        public void Dispose() => owner.Remove(this, key);
    }
}
