using System.Collections.Concurrent;

namespace Bank.Web.Sessions;

/// <summary>The sockets this instance holds open, by session, so that signing out ends them in the same moment.</summary>
internal sealed class OpenSockets
{
    private readonly ConcurrentDictionary<string, HashSet<CancellationTokenSource>> _sessions = new(StringComparer.Ordinal);

    /// <summary>Registers a socket of the session; <paramref name="ended"/> is cancelled when the session ends. Dispose to forget it.</summary>
    public IDisposable Add(string sessionId, CancellationTokenSource ended)
    {
        var set = _sessions.GetOrAdd(sessionId, _ => []);
        lock (set)
        {
            set.Add(ended);
        }

        return new Registration(() =>
        {
            lock (set)
            {
                set.Remove(ended);
                if (set.Count == 0)
                {
                    _sessions.TryRemove(KeyValuePair.Create(sessionId, set));
                }
            }
        });
    }

    /// <summary>Ends every socket of the session.</summary>
    public void Close(string sessionId)
    {
        if (_sessions.TryRemove(sessionId, out var set))
        {
            CancellationTokenSource[] open;
            lock (set)
            {
                open = [.. set];
            }

            foreach (var socket in open)
            {
                // Off this thread: what the cancellation runs is the sockets' business, not that of the page that signs out.
                _ = socket.CancelAsync();
            }
        }
    }

    private sealed class Registration(Action forget) : IDisposable
    {
        public void Dispose() => forget();
    }
}
