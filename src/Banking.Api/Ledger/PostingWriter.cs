using System.Threading.Channels;
using Banking.Api.Fraud;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Payments;
using Banking.Client;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Ledger;

/// <inheritdoc cref="IPostingWriter"/>
/// <remarks>
/// Two loops, each of which takes whatever is there, without waiting for more: one reads what queued items depend on, the other decides and
/// posts what has been read. Under light load a batch is one payment; under heavy load one flush of the database's log serves many, and the
/// next batch is read meanwhile. Several processes may run a writer on one database: locks are taken in one order, and what changed between
/// reading and posting is read again.
/// </remarks>
internal sealed class PostingWriter : IPostingWriter, IAsyncDisposable
{
    /// <summary>Larger batches gain little and make everyone in them wait longer.</summary>
    private const int MaxBatch = 96;

    /// <summary>How often an item is decided anew because another process changed what it rests on.</summary>
    private const int MaxAttempts = 50;

    private readonly Channel<PostingItem> _queue = Channel.CreateUnbounded<PostingItem>(new() { SingleReader = true });
    private readonly Channel<PostingItem> _ready = Channel.CreateBounded<PostingItem>(new BoundedChannelOptions(MaxBatch) { SingleReader = true, SingleWriter = true });
    private readonly CarriedStates _carried = new();
    private readonly PostingStore _reading;
    private readonly PostingStore _store;
    private readonly Func<PostingDecider> _newDecider;
    private readonly TimeProvider _clock;
    private readonly ILogger<PostingWriter> _logger;
    private readonly Lazy<Task> _loop;

    public PostingWriter(
        NpgsqlDataSource database, FraudScoring scoring, PaymentLimits limits, BankCalendar calendar, ColumnCipher cipher, TimeProvider clock, ILogger<PostingWriter> logger)
    {
        _reading = new PostingStore(database);
        _store = new PostingStore(database);
        _newDecider = () => new PostingDecider(_store, _carried, scoring, limits, calendar, cipher);
        _clock = clock;
        _logger = logger;
        _loop = new Lazy<Task>(() => Task.WhenAll(Task.Run(ReadAheadAsync), Task.Run(RunAsync)));
    }

    public Task<PaymentOutcome> ExecutePaymentAsync(Caller caller, Guid paymentId, string idempotencyKey, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (caller.Kind != CallerKind.Session)
        {
            throw new ArgumentException("Only a user's own session executes payments.", nameof(caller));
        }

        var item = new PaymentItem
        {
            Caller = caller,
            PaymentId = paymentId,
            UserId = caller.UserId,
            IdempotencyKey = idempotencyKey,
            RequestHash = PaymentItem.HashOf(paymentId),
        };
        Enqueue(item);
        return item.Completion.WaitAsync(cancellationToken);
    }

    public Task<MovementOutcome> PostMovementAsync(Movement movement, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(movement);
        if (movement.Amount.MinorUnits <= 0)
        {
            return Task.FromResult(new MovementOutcome(null, Problem.Unprocessable(ErrorCodes.AmountNotPositive, "The amount is more than zero.")));
        }

        if (movement.Caller is not null && (movement.IdempotencyKey is null || movement.At is not null || movement.Caller.Kind != CallerKind.Session))
        {
            throw new ArgumentException("A person's movement has an idempotency key and happens now.", nameof(movement));
        }

        var item = new MovementItem
        {
            Movement = movement,
            UserId = movement.Caller?.UserId ?? 0,
            IdempotencyKey = movement.IdempotencyKey,
            RequestHash = MovementItem.HashOf(movement),
        };
        Enqueue(item);
        return item.Completion.WaitAsync(cancellationToken);
    }

    /// <summary>Finishes what is queued, then closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        if (_loop.IsValueCreated)
        {
            await _loop.Value;
        }

        await _reading.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static Problem Unavailable() =>
        new(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Unavailable, "The outcome is not known yet. Repeat the same request with the same idempotency key.");

    private void Enqueue(PostingItem item)
    {
        _ = _loop.Value;
        if (!_queue.Writer.TryWrite(item))
        {
            item.Refuse(new Problem(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Unavailable, "The service is stopping. Nothing was done."));
        }
    }

    private async Task ReadAheadAsync()
    {
        var items = new List<PostingItem>(MaxBatch);
        while (await _queue.Reader.WaitToReadAsync())
        {
            items.Clear();
            while (items.Count < MaxBatch && _queue.Reader.TryRead(out var item))
            {
                items.Add(item);
            }

            try
            {
                await _reading.ReadAsync(items, _clock.GetUtcNow(), CancellationToken.None);
            }
            catch (Exception exception)
            {
                // The posting loop reads what has not been read, and knows what to do when that fails too.
                _logger.LogInformation(exception, "Reading ahead failed");
                items.ForEach(item => item.IsRead = false);
                await ForgetConnectionAsync(_reading);
            }

            foreach (var item in items)
            {
                await _ready.Writer.WriteAsync(item);
            }
        }

        _ready.Writer.Complete();
    }

    private async Task RunAsync()
    {
        var reader = _ready.Reader;
        var batch = new List<PostingItem>(MaxBatch);
        var again = new List<PostingItem>();
        while (again.Count > 0 || await reader.WaitToReadAsync())
        {
            batch.Clear();
            batch.AddRange(again);
            again.Clear();
            while (batch.Count < MaxBatch && reader.TryRead(out var item))
            {
                batch.Add(item);
            }

            await ProcessAsync(Merge(batch), again);
        }
    }

    /// <summary>The same command twice in one batch is one command with two people waiting for it; another command under the same key waits for the first one's outcome.</summary>
    private static List<PostingItem> Merge(List<PostingItem> batch)
    {
        var byKey = new Dictionary<(long, string), PostingItem>(batch.Count);
        var distinct = new List<PostingItem>(batch.Count);
        foreach (var item in batch)
        {
            if (item.IdempotencyKey is null || byKey.TryAdd((item.UserId, item.IdempotencyKey), item))
            {
                distinct.Add(item);
                continue;
            }

            var first = byKey[(item.UserId, item.IdempotencyKey)];
            if (first.GetType() == item.GetType() && first.RequestHash.AsSpan().SequenceEqual(item.RequestHash) && SameSession(first, item))
            {
                (first.Followers ??= []).Add(item);
            }
            else
            {
                distinct.Add(item);
                item.Waits = true;
            }
        }

        return distinct;
    }

    private static bool SameSession(PostingItem first, PostingItem second) => (first, second) switch
    {
        (PaymentItem a, PaymentItem b) => a.Caller.SessionKey == b.Caller.SessionKey,
        (MovementItem a, MovementItem b) => a.Movement.Caller?.SessionKey == b.Movement.Caller?.SessionKey && a.Movement.AuthorizationId == b.Movement.AuthorizationId,
        _ => false,
    };

    private async Task ProcessAsync(List<PostingItem> items, List<PostingItem> again)
    {
        try
        {
            await RoundAsync(items, again);
        }
        catch (Exception exception) when (items.Count > 1)
        {
            // One item may be the cause: each gets a transaction of its own. What was committed is found by its key.
            _logger.LogWarning(exception, "A batch of {Count} failed and is replayed one by one", items.Count);
            _carried.Forget();
            foreach (var item in items.Where(item => !item.IsAnswered && !again.Contains(item)))
            {
                item.IsRead = false;
                await ProcessAsync([item], again);
            }
        }
        catch (Exception exception)
        {
            var item = items[0];
            var transient = exception is NpgsqlException { IsTransient: true } && ++item.Attempts <= 3;
            _logger.LogError(exception, "Posting failed; {Next}", transient ? "trying again" : "giving up");
            _carried.Forget();
            await ForgetConnectionAsync(_store);
            if (transient && (item.IdempotencyKey is not null || exception is PostgresException))
            {
                Again(item, again);
            }
            else
            {
                item.Refuse(Unavailable());
            }
        }
    }

    private static void Again(PostingItem item, List<PostingItem> again)
    {
        item.IsRead = false;
        again.Add(item);
    }

    private async Task ForgetConnectionAsync(PostingStore store)
    {
        try
        {
            await store.ResetAsync();
        }
        catch (Exception exception) when (exception is NpgsqlException or IOException)
        {
            _logger.LogWarning(exception, "The writer's connection could not be closed");
        }
    }

    private async Task RoundAsync(List<PostingItem> items, List<PostingItem> again)
    {
        var now = _clock.GetUtcNow();
        await _store.OpenAsync(CancellationToken.None);
        var unread = items.FindAll(item => !item.IsRead);
        if (unread.Count > 0)
        {
            await _store.ReadAsync(unread, now, CancellationToken.None);
            unread.ForEach(item => item.IsFresh = true);
        }

        _carried.NextRound();
        var decider = _newDecider();
        foreach (var item in items)
        {
            Carry(item);
            if (item.Waits)
            {
                item.Waits = false;
                Again(item, again);
            }
            else if (decider.Decide(item, now) == Decided.Later)
            {
                Again(item, again);
            }
        }

        if (decider.Rows.Count == 0)
        {
            return;
        }

        var verdicts = await PostAsync(decider.Rows);
        if (Array.TrueForAll(verdicts, verdict => verdict == "ok"))
        {
            decider.Posted();
        }
        else
        {
            _carried.Forget();
        }

        for (var i = 0; i < verdicts.Length; i++)
        {
            var (item, response) = decider.Pending[i];
            if (verdicts[i] != "ok")
            {
                Retry(item, verdicts[i], again);
            }
            else if (item.Refusal is { } refusal)
            {
                item.Refuse(refusal);
            }
            else
            {
                item.Succeed(response, replayed: false);
            }
        }
    }

    private void Carry(PostingItem item)
    {
        switch (item)
        {
            case PaymentItem { Snapshot: { } payment }: _carried.Apply(payment); break;
            case MovementItem { Snapshot: { } movement }: _carried.Apply(movement); break;
        }
    }

    private async Task<string[]> PostAsync(PostingRows rows)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _store.PostAsync(rows, CancellationToken.None);
            }
            catch (PostgresException exception) when (attempt <= 3 && exception.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                _logger.LogInformation("Posting was chosen to give way ({State}) and is tried again", exception.SqlState);
            }
        }
    }

    private void Retry(PostingItem item, string verdict, List<PostingItem> again)
    {
        if (++item.Attempts < MaxAttempts)
        {
            Again(item, again);
        }
        else
        {
            _logger.LogWarning("Gave up on an item that kept changing: {Verdict}", verdict);
            item.Refuse(Unavailable());
        }
    }
}
