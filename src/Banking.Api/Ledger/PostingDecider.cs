using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.Api.Audit;
using Banking.Api.Authorizations;
using Banking.Api.Events;
using Banking.Api.Fraud;
using Banking.Api.Infrastructure;
using Banking.Api.Payments;
using Banking.Client;
using Fraud.Model;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Ledger;

/// <summary>What became of an item when it was decided.</summary>
internal enum Decided
{
    /// <summary>A row was added: it is answered when the row is posted.</summary>
    Row,

    /// <summary>It is answered already.</summary>
    Answered,

    /// <summary>It depends on what is being posted, in this batch or the one before, and is read again and decided after that.</summary>
    Later,
}

/// <summary>
/// Decides the items of one batch in order, on what was read. What an item does to accounts, histories and limits is seen by the items after it,
/// so splitting an amount into many payments evades nothing. Nothing here waits: it is plain computation.
/// </summary>
internal sealed class PostingDecider(
    PostingStore store, CarriedStates carried, FraudScoring scoring, PaymentLimits limits, BankCalendar calendar, ColumnCipher cipher)
{
    private readonly PostingRows _rows = new();
    private readonly List<(PostingItem Item, string Response)> _pending = [];
    private readonly HashSet<long> _touchedPayments = [];
    private readonly HashSet<long> _touchedAuthorizations = [];
    private readonly HashSet<AccountState> _touchedAccounts = [];
    private readonly float[] _features = new float[FraudFeatures.Count];

    public PostingRows Rows => _rows;

    /// <summary>Per row, the item it belongs to and the answer once it is posted.</summary>
    public IReadOnlyList<(PostingItem Item, string Response)> Pending => _pending;

    /// <summary>Notes that all rows were posted: what was decided is now what the database holds.</summary>
    public void Posted()
    {
        foreach (var account in _touchedAccounts)
        {
            account.Version++;
        }

        foreach (var history in _rows.Payer.Concat(_rows.Counterparty))
        {
            history?.IsNew = false;
        }
    }

    public Decided Decide(PostingItem item, DateTimeOffset now)
    {
        if (item.StoredHash is { } stored)
        {
            if (CryptographicOperations.FixedTimeEquals(stored, item.RequestHash))
            {
                item.Succeed(item.StoredResponse!, replayed: true);
            }
            else
            {
                item.Refuse(Problem.Unprocessable(ErrorCodes.IdempotencyKeyReused, "The idempotency key was used for another request."));
            }

            return Decided.Answered;
        }

        return item switch
        {
            PaymentItem payment => DecidePayment(payment, Truncate(now)),
            MovementItem movement => DecideMovement(movement, Truncate(movement.Movement.At?.ToUniversalTime() ?? now)),
            _ => throw new InvalidOperationException($"No decision for {item.GetType().Name}."),
        };
    }

    // The database keeps microseconds; hashes and answers are made of what it keeps.
    private static DateTimeOffset Truncate(DateTimeOffset instant) => instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerMicrosecond));

    private Decided DecidePayment(PaymentItem item, DateTimeOffset now)
    {
        if (item.Snapshot is not { DebtorHeld: true } payment)
        {
            item.Refuse(Problem.NotFound());
            return Decided.Answered;
        }

        if (_touchedPayments.Contains(payment.Id))
        {
            return Decided.Later;
        }

        if (payment.SessionRevoked || payment.SessionExpiresAt <= now)
        {
            return Refused(item, now, new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthenticated, "The session has ended."));
        }

        if (payment.State == PaymentStates.AwaitingApproval && payment.ExpiresAt > now)
        {
            item.AskForApproval();
            return Decided.Answered;
        }

        if (PaymentTransitions.Next(payment.State, PaymentCommand.Execute) is null || payment.ExpiresAt <= now)
        {
            return Refused(item, now, Problem.Conflict(ErrorCodes.InvalidPaymentState, "The payment is in a state that does not allow this."));
        }

        if (payment.AuthorizationState != "approved" || payment.AuthorizationExpiresAt <= now
            || payment.AuthorizationUserId != item.Caller.UserId || payment.AuthorizationSessionId != item.Caller.SessionKey)
        {
            item.AskForApproval();
            return Decided.Answered;
        }

        // PSD2 RTS article 5(1)(d): the approval holds for exactly what was shown, so what would be posted is hashed again.
        var amount = new Money(payment.Amount, Currency.Of(payment.Currency));
        var details = PaymentDetails.Create(item.PaymentId, amount, payment.Debtor.Iban, payment.Debtor.Name, payment.CreditorName, payment.CreditorIban, payment.Remittance);
        var hash = CanonicalJson.Hash(details);
        if (!CryptographicOperations.FixedTimeEquals(hash, payment.AuthorizationHash))
        {
            return Refused(item, now, Problem.Unprocessable(ErrorCodes.AuthorizationSubjectChanged, "What was approved is not what would be done now."));
        }

        if (scoring.Model is not { } model)
        {
            return Refused(item, now, new Problem(StatusCodes.Status503ServiceUnavailable, ErrorCodes.ScoringUnavailable, "Payments are not possible at the moment."));
        }

        var today = calendar.DateOf(now);
        var credit = payment.Creditor ?? (payment.CreditorIban.AsSpan(4).StartsWith("SBNK", StringComparison.Ordinal) ? null : store.BankAccount("settlement", payment.Currency));
        if (FindFailure(payment, credit, today) is { } failure)
        {
            if (!item.IsFresh)
            {
                return Decided.Later;
            }

            Add(item, payment, PaymentCommand.Fail, now, today, hash, credit, failure, PaymentTexts.OfFailure(failure), decision: null, score: null);
            return Decided.Row;
        }

        var payer = HistoryOf(payment.Payer);
        var counterparty = HistoryOf(payment.Counterparty);
        var paid = carried.PaidTo(payment);
        var facts = new PaymentFacts(
            now,
            calendar.Zone.GetUtcOffset(now),
            payment.Amount,
            payment.Debtor.Available,
            payment.CreditorIsOwn ? PaymentKind.OwnTransfer : payment.Creditor is null ? PaymentKind.External : PaymentKind.Internal,
            payment.Channel == "assistant" ? PaymentChannel.Assistant : PaymentChannel.Web,
            paid,
            (now - (payment.PayeeCreatedAt ?? now)).TotalHours,
            (now - payment.SessionCreatedAt).TotalMinutes,
            (now - (payment.DeviceFirstSeenAt ?? now)).TotalDays,
            (now - payment.PartyCreatedAt).TotalDays,
            payment.CredentialChanges);
        FraudFeatures.Compute(facts, payer, counterparty, _features);
        var score = model.Score(_features);
        var hold = score.Score >= model.HoldThreshold;
        Add(
            item, payment, hold ? PaymentCommand.Hold : PaymentCommand.Execute, now, today, hash, credit, failure: null,
            hold ? FraudScoring.CustomerTexts(score.Reasons) : [], hold ? "hold" : "allow", score);
        return Decided.Row;
    }

    /// <summary>What stands in the way of posting, by precedence; null when nothing does.</summary>
    private string? FindFailure(PaymentSnapshot payment, AccountState? credit, DateOnly today)
    {
        if (payment.Debtor.State != "open")
        {
            return payment.Debtor.State == "frozen" ? ErrorCodes.AccountFrozen : ErrorCodes.AccountClosed;
        }

        if (payment.PayeePublicId is null ? !payment.CreditorIsOwn : payment.PayeeRemoved)
        {
            return ErrorCodes.PayeeNotFound;
        }

        if (credit is null || credit.Id == payment.Debtor.Id || credit.IsBanks != (payment.Creditor is null))
        {
            return ErrorCodes.AccountNotFound;
        }

        if (credit.State == "closed")
        {
            return ErrorCodes.AccountClosed;
        }

        if (payment.Debtor.Currency != payment.Currency || credit.Currency != payment.Currency)
        {
            return ErrorCodes.CurrencyMismatch;
        }

        if (!payment.CreditorIsOwn
            && (payment.Amount > limits.PerPaymentMinor || payment.Payer.SpentOnDay(today) > limits.PerDayMinor - payment.Amount))
        {
            return ErrorCodes.LimitExceeded;
        }

        return payment.Debtor.Available < payment.Amount ? ErrorCodes.InsufficientFunds : null;
    }

    private void Add(
        PaymentItem item, PaymentSnapshot payment, PaymentCommand command, DateTimeOffset now, DateOnly today, byte[] hash, AccountState? credit,
        string? failure, IReadOnlyList<string> reasons, string? decision, FraudScore? score)
    {
        var state = PaymentTransitions.Next(payment.State, command)!;
        var kind = command switch
        {
            PaymentCommand.Execute => PostingRows.Kind.Execute,
            PaymentCommand.Hold => PostingRows.Kind.Hold,
            _ => PostingRows.Kind.Fail,
        };
        var executed = kind == PostingRows.Kind.Execute;
        var entryId = Guid.CreateVersion7(now);
        var debitId = Guid.CreateVersion7(now);
        var ownTransfer = payment.CreditorIsOwn;
        var entersHistories = !ownTransfer && kind != PostingRows.Kind.Fail;
        var paymentId = PublicId.Format(PublicId.Payment, item.PaymentId);
        var authorizationId = PublicId.Format(PublicId.Authorization, payment.AuthorizationPublicId);
        var amount = new Money(payment.Amount, Currency.Of(payment.Currency));

        _touchedPayments.Add(payment.Id);
        _rows.Kinds.Add((short)kind);
        _rows.At.Add(now);
        _rows.BookingDate.Add(today);
        _rows.Debit.Add(payment.Debtor.Id);
        _rows.Credit.Add(executed ? credit!.Id : 0);
        _rows.Amount.Add(payment.Amount);
        _rows.Currency.Add(payment.Currency);
        _rows.EntryId.Add(entryId);
        _rows.DebitId.Add(debitId);
        _rows.CreditId.Add(Guid.CreateVersion7(now));
        _rows.EntryKind.Add("transfer");
        _rows.Reference.Add(payment.Remittance);
        _rows.DebitCounterparty.Add(payment.CreditorName);
        _rows.CreditCounterparty.Add(!executed ? null
            : ownTransfer ? payment.Debtor.Name
            : payment.Creditor is null ? payment.Debtor.Iban
            : cipher.DecryptText(payment.PartyNameCipher, "identity.party.name"));
        _rows.DebitCategory.Add(ownTransfer ? TransactionCategories.OwnTransfer : TransactionCategories.Payments);
        _rows.CreditCategory.Add(ownTransfer ? TransactionCategories.OwnTransfer : TransactionCategories.Income);
        _rows.PaymentId.Add(payment.Id);
        _rows.PaymentVersion.Add(payment.Version);
        _rows.CreditorName.Add(payment.CreditorName);
        _rows.CreditorIban.Add(payment.CreditorIban);
        _rows.State.Add(state);
        _rows.FailureCode.Add(failure);
        _rows.Reasons.Add(reasons.Count == 0 ? null : string.Join('\u001f', reasons));
        _rows.PayeeId.Add(payment.PayeeId);
        _rows.AuthorizationId.Add(payment.AuthorizationId);
        _rows.DetailsHash.Add(hash);
        _rows.SessionId.Add(item.Caller.SessionKey);
        _rows.UserId.Add(item.Caller.UserId);

        AddHistories(payment, executed, entersHistories, now, today);

        _rows.ModelVersion.Add(score?.ModelVersion);
        _rows.Score.Add(score?.Score ?? 0);
        _rows.Decision.Add(decision);
        _rows.DecisionReasons.Add(score is null ? null : FraudScoring.WriteReasons(score.Reasons));
        if (score is null)
        {
            Array.Clear(_features);
        }

        _rows.Features.AddRange(_features);

        if (executed)
        {
            payment.Debtor.Balance -= payment.Amount;
            credit!.Balance += payment.Amount;
            _touchedAccounts.Add(payment.Debtor);
            _touchedAccounts.Add(credit);
            carried.CountPayment(payment);
        }
        else if (kind == PostingRows.Kind.Hold)
        {
            payment.Debtor.Reserved += payment.Amount;
            _touchedAccounts.Add(payment.Debtor);
        }

        var body = new Payment(
            paymentId,
            state,
            new PaymentParty(payment.Debtor.Name, payment.Debtor.Iban, PublicId.Format(PublicId.Account, payment.Debtor.PublicId), null),
            new PaymentParty(
                payment.CreditorName,
                payment.CreditorIban,
                ownTransfer && payment.PayeePublicId is null ? PublicId.Format(PublicId.Account, payment.Creditor!.PublicId) : null,
                payment.PayeePublicId is { } payee ? PublicId.Format(PublicId.Payee, payee) : null),
            amount,
            payment.Remittance,
            payment.Channel,
            payment.CreatedAt,
            now,
            executed ? now : null,
            authorizationId,
            executed ? PublicId.Format(PublicId.Transaction, debitId) : null,
            failure,
            reasons);
        var response = JsonSerializer.Serialize(body, PaymentJson.Default.Payment);
        _rows.Key.Add(item.IdempotencyKey);
        _rows.RequestHash.Add(item.RequestHash);
        _rows.Response.Add(response);

        AddAudit(
            now, PublicId.Format(PublicId.User, item.Caller.UserPublicId), "payment.execute", paymentId, failure ?? (executed ? "ok" : "held"), item.Correlation,
            $$"""{"authorization":"{{authorizationId}}"}""");
        _rows.EventId.Add(Guid.CreateVersion7(now));
        _rows.EventType.Add(EventTypes.PaymentStateChanged);
        _rows.EventSubject.Add(paymentId);
        _rows.EventData.Add(PaymentEvents.Write(body, payment.State, payment.ConversationId));
        _pending.Add((item, response));
    }

    private void AddHistories(PaymentSnapshot payment, bool executed, bool entersHistories, DateTimeOffset now, DateOnly today)
    {
        if (!entersHistories)
        {
            NoHistories(today);
            return;
        }

        var payer = payment.Payer;
        var counterparty = payment.Counterparty;
        var firstTime = carried.PaidTo(payment) == 0;
        _rows.Payer.Add(payer);
        _rows.PayerVersion.Add(payer.Version++);
        if (executed)
        {
            Advance(payer, now, payment.Amount, firstTime);
        }

        payer.SpentAmount = payer.SpentOnDay(today) + payment.Amount;
        payer.SpentOn = today;
        _rows.PayerHistory.Add(payer.Bytes);
        _rows.SpentOn.Add(today);
        _rows.SpentAmount.Add(payer.SpentAmount);

        // A held payment has not reached anybody yet.
        _rows.Counterparty.Add(executed ? counterparty : null);
        _rows.CounterpartyVersion.Add(executed ? counterparty.Version++ : 0);
        if (executed)
        {
            Advance(counterparty, now, payment.Amount, firstTime);
        }

        _rows.CounterpartyHistory.Add(executed ? counterparty.Bytes : null);
    }

    private void NoHistories(DateOnly today)
    {
        _rows.Payer.Add(null);
        _rows.PayerVersion.Add(0);
        _rows.PayerHistory.Add(null);
        _rows.SpentOn.Add(today);
        _rows.SpentAmount.Add(0);
        _rows.Counterparty.Add(null);
        _rows.CounterpartyVersion.Add(0);
        _rows.CounterpartyHistory.Add(null);
    }

    private static EntityHistory HistoryOf(HistoryState state)
    {
        if (state.Parsed is null)
        {
            state.Parsed = EntityHistory.TryFromBytes(state.Bytes, out var read, out var error)
                ? read
                : throw new InvalidOperationException($"The history of kind {state.Kind} is damaged: {error}.");
        }

        return state.Parsed;
    }

    private static void Advance(HistoryState state, DateTimeOffset now, long amount, bool newPeer)
    {
        state.Parsed = HistoryOf(state).With(now, amount, newPeer);
        state.Bytes = state.Parsed.ToBytes();
    }

    private Decided DecideMovement(MovementItem item, DateTimeOffset now)
    {
        var movement = item.Movement;
        var snapshot = item.Snapshot!;
        if (movement.Caller is not null)
        {
            if (!snapshot.SessionLive)
            {
                item.Refuse(new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthenticated, "The session has ended."));
                return Decided.Answered;
            }

            if (snapshot.AuthorizationState is null or "pending" || snapshot.AuthorizationExpiresAt <= now)
            {
                item.AskForApproval();
                return Decided.Answered;
            }

            if (_touchedAuthorizations.Contains(snapshot.AuthorizationId))
            {
                return Decided.Later;
            }

            if (snapshot.AuthorizationState != "approved")
            {
                item.Refuse(Problem.Conflict(ErrorCodes.AuthorizationUsed, "The authorization was used already."));
                return Decided.Answered;
            }

            if (movement.DetailsHash is null || !CryptographicOperations.FixedTimeEquals(movement.DetailsHash, snapshot.AuthorizationHash))
            {
                item.Refuse(Problem.Unprocessable(ErrorCodes.AuthorizationSubjectChanged, "What was approved is not what would be done now."));
                return Decided.Answered;
            }
        }

        var outgoing = movement.Kind is MovementKind.Withdrawal or MovementKind.Outgoing;
        var other = store.BankAccount(
            movement.Kind switch { MovementKind.Deposit or MovementKind.Withdrawal => "cash", MovementKind.Opening => "suspense", _ => "settlement" },
            movement.Amount.Currency.Code);
        var problem = snapshot.Account switch
        {
            null => Problem.Unprocessable(ErrorCodes.AccountNotFound, "There is no such account."),
            { State: "closed" } => Problem.Unprocessable(ErrorCodes.AccountClosed, "The account is closed."),
            { State: "frozen" } when outgoing => Problem.Unprocessable(ErrorCodes.AccountFrozen, "The account is frozen."),
            { } account when account.Currency != movement.Amount.Currency.Code || other is null => Problem.Unprocessable(ErrorCodes.CurrencyMismatch, "The account is in another currency."),
            { } account when outgoing && account.Available < movement.Amount.MinorUnits => Problem.Unprocessable(ErrorCodes.InsufficientFunds, "The available balance does not cover the amount."),
            _ => null,
        };
        if (problem is not null)
        {
            if (!item.IsFresh)
            {
                return Decided.Later;
            }

            item.Refuse(problem);
            return Decided.Answered;
        }

        var customer = snapshot.Account!;
        var units = movement.Amount.MinorUnits;
        var today = calendar.DateOf(now);
        var entryId = Guid.CreateVersion7(now);
        var (debit, credit) = outgoing ? (customer, other!) : (other!, customer);
        debit.Balance -= units;
        credit.Balance += units;
        _touchedAccounts.Add(debit);
        _touchedAccounts.Add(credit);
        _touchedAuthorizations.Add(snapshot.AuthorizationId);

        _rows.Kinds.Add((short)PostingRows.Kind.Movement);
        _rows.At.Add(now);
        _rows.BookingDate.Add(today);
        _rows.Debit.Add(debit.Id);
        _rows.Credit.Add(credit.Id);
        _rows.Amount.Add(units);
        _rows.Currency.Add(customer.Currency);
        _rows.EntryId.Add(entryId);
        _rows.DebitId.Add(Guid.CreateVersion7(now));
        _rows.CreditId.Add(Guid.CreateVersion7(now));
        _rows.EntryKind.Add(movement.Kind switch { MovementKind.Deposit => "deposit", MovementKind.Withdrawal => "withdrawal", MovementKind.Opening => "opening", _ => "transfer" });
        _rows.Reference.Add(movement.Reference);
        _rows.DebitCounterparty.Add(outgoing ? movement.Counterparty : customer.Iban);
        _rows.CreditCounterparty.Add(outgoing ? customer.Iban : movement.Counterparty);
        _rows.DebitCategory.Add(movement.Category);
        _rows.CreditCategory.Add(movement.Category);
        _rows.PaymentId.Add(0);
        _rows.PaymentVersion.Add(0);
        _rows.CreditorName.Add(null);
        _rows.CreditorIban.Add(null);
        _rows.State.Add(null);
        _rows.FailureCode.Add(null);
        _rows.Reasons.Add(null);
        _rows.PayeeId.Add(0);
        _rows.AuthorizationId.Add(snapshot.AuthorizationId);
        _rows.DetailsHash.Add(movement.DetailsHash);
        _rows.SessionId.Add(movement.Caller?.SessionKey ?? 0);
        _rows.UserId.Add(item.UserId);
        NoHistories(today);
        NoDecision();
        var receipt = new CashReceipt(PublicId.Format(PublicId.JournalEntry, entryId), customer.Iban, movement.Amount, now);
        var response = JsonSerializer.Serialize(receipt, PaymentJson.Default.CashReceipt);
        _rows.Key.Add(item.IdempotencyKey);
        _rows.RequestHash.Add(item.RequestHash);
        _rows.Response.Add(response);
        AddAudit(
            now, movement.Caller is { } caller ? PublicId.Format(PublicId.User, caller.UserPublicId) : "system",
            $"ledger.{movement.Kind.ToString().ToLowerInvariant()}", receipt.JournalEntryId, "ok", item.Correlation,
            movement.AuthorizationId is { } authorization && movement.Caller is not null ? $$"""{"authorization":"{{authorization}}"}""" : "{}");
        NoEvent();
        _pending.Add((item, response));
        return Decided.Row;
    }

    /// <summary>Answers with a refusal that the audit trail keeps.</summary>
    private Decided Refused(PaymentItem item, DateTimeOffset now, Problem problem)
    {
        var paymentId = PublicId.Format(PublicId.Payment, item.PaymentId);
        var today = calendar.DateOf(now);
        _rows.Kinds.Add((short)PostingRows.Kind.AuditOnly);
        _rows.At.Add(now);
        _rows.BookingDate.Add(today);
        _rows.Debit.Add(0);
        _rows.Credit.Add(0);
        _rows.Amount.Add(0);
        _rows.Currency.Add(null);
        _rows.EntryId.Add(Guid.Empty);
        _rows.DebitId.Add(Guid.Empty);
        _rows.CreditId.Add(Guid.Empty);
        _rows.EntryKind.Add(null);
        _rows.Reference.Add(null);
        _rows.DebitCounterparty.Add(null);
        _rows.CreditCounterparty.Add(null);
        _rows.DebitCategory.Add(null);
        _rows.CreditCategory.Add(null);
        _rows.PaymentId.Add(0);
        _rows.PaymentVersion.Add(0);
        _rows.CreditorName.Add(null);
        _rows.CreditorIban.Add(null);
        _rows.State.Add(null);
        _rows.FailureCode.Add(null);
        _rows.Reasons.Add(null);
        _rows.PayeeId.Add(0);
        _rows.AuthorizationId.Add(0);
        _rows.DetailsHash.Add(null);
        _rows.SessionId.Add(0);
        _rows.UserId.Add(0);
        NoHistories(today);
        NoDecision();
        _rows.Key.Add(null);
        _rows.RequestHash.Add(null);
        _rows.Response.Add(null);
        AddAudit(now, PublicId.Format(PublicId.User, item.Caller.UserPublicId), "payment.execute", paymentId, problem.Code, item.Correlation, "{}");
        NoEvent();
        _pending.Add((item, ""));
        item.Refusal = problem;
        return Decided.Row;
    }

    private void NoDecision()
    {
        _rows.ModelVersion.Add(null);
        _rows.Score.Add(0);
        _rows.Decision.Add(null);
        _rows.DecisionReasons.Add(null);
        Array.Clear(_features);
        _rows.Features.AddRange(_features);
    }

    private void NoEvent()
    {
        _rows.EventId.Add(Guid.Empty);
        _rows.EventType.Add(null);
        _rows.EventSubject.Add(null);
        _rows.EventData.Add(null);
    }

    private void AddAudit(DateTimeOffset at, string actor, string action, string subject, string outcome, string? correlation, string details)
    {
        _rows.AuditActor.Add(actor);
        _rows.AuditAction.Add(action);
        _rows.AuditSubject.Add(subject);
        _rows.AuditOutcome.Add(outcome);
        _rows.AuditCorrelation.Add(correlation);
        _rows.AuditDetails.Add(details);
        _rows.AuditLeaf.Add(AuditEvent.ComputeLeafHash(at, actor, null, action, subject, outcome, correlation, details));
    }
}
