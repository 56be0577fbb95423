namespace Banking.Api.Ledger;

/// <summary>
/// What the last batches left behind. The next batch is read while the one before it is being posted, so what it finds may already be out of
/// date; where a batch of ours changed it, the newer state is used instead. This spares a second reading and decides nothing: the posting
/// function compares with what the database holds when it has the locks.
/// </summary>
internal sealed class CarriedStates
{
    /// <summary>More than the batches that can be posted between the reading of an item and its decision.</summary>
    private const int RoundsKept = 4;

    private readonly Dictionary<long, (AccountState State, long Round)> _accounts = [];
    private readonly Dictionary<(short, string), (HistoryState State, long Round)> _histories = [];
    private readonly Dictionary<long, (int Payments, long Round)> _payees = [];
    private long _round;

    /// <summary>Begins a batch.</summary>
    public void NextRound()
    {
        _round++;
        if (_round % RoundsKept == 0)
        {
            Prune(_accounts, entry => entry.Round);
            Prune(_histories, entry => entry.Round);
            Prune(_payees, entry => entry.Round);
        }
    }

    /// <summary>Drops everything: what was decided has not come to pass.</summary>
    public void Forget()
    {
        _accounts.Clear();
        _histories.Clear();
        _payees.Clear();
    }

    /// <summary>Puts the newest known states into a payment; all payments of a batch share them.</summary>
    public void Apply(PaymentSnapshot payment)
    {
        payment.Debtor = Newest(payment.Debtor)!;
        payment.Creditor = Newest(payment.Creditor);
        payment.Payer = Newest(payment.Payer);
        payment.Counterparty = Newest(payment.Counterparty);
        payment.PayeePayments = _payees.TryGetValue(payment.PayeeId, out var known) ? Math.Max(known.Payments, payment.PayeePayments) : payment.PayeePayments;
    }

    /// <summary>Puts the newest known state into a movement.</summary>
    public void Apply(MovementSnapshot movement) => movement.Account = Newest(movement.Account);

    /// <summary>Payments to a payee, those of this batch included.</summary>
    public int PaidTo(PaymentSnapshot payment) => _payees.TryGetValue(payment.PayeeId, out var known) ? known.Payments : payment.PayeePayments;

    /// <summary>One more payment to its payee.</summary>
    public void CountPayment(PaymentSnapshot payment) => _payees[payment.PayeeId] = (PaidTo(payment) + 1, _round);

    private AccountState? Newest(AccountState? read)
    {
        if (read is null)
        {
            return null;
        }

        var newest = _accounts.TryGetValue(read.Id, out var known) && known.State.Version >= read.Version ? known.State : read;
        _accounts[read.Id] = (newest, _round);
        return newest;
    }

    private HistoryState Newest(HistoryState read)
    {
        var newest = _histories.TryGetValue((read.Kind, read.Key), out var known) && known.State.Version >= read.Version ? known.State : read;
        _histories[(read.Kind, read.Key)] = (newest, _round);
        return newest;
    }

    private void Prune<TKey, TEntry>(Dictionary<TKey, TEntry> entries, Func<TEntry, long> roundOf)
        where TKey : notnull
    {
        foreach (var (key, entry) in entries)
        {
            if (roundOf(entry) <= _round - RoundsKept)
            {
                entries.Remove(key);
            }
        }
    }
}
