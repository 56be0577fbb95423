using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Fraud.Model;

namespace Banking.Api.Ledger;

/// <summary>A command waiting for the writer, and the place its answer goes to.</summary>
internal abstract class PostingItem
{
    /// <summary>Whose idempotency keys: the user's key, or 0 for the bank itself.</summary>
    public required long UserId { get; init; }

    public required string? IdempotencyKey { get; init; }

    public required byte[] RequestHash { get; init; }

    public string? Correlation { get; } = Activity.Current?.TraceId.ToHexString();

    /// <summary>How often the ground shifted under it between reading and posting.</summary>
    public int Attempts { get; set; }

    /// <summary>Retries of the same command that arrived in the same batch: they get the same answer.</summary>
    public List<PostingItem>? Followers { get; set; }

    /// <summary>What was stored under the idempotency key, when something was.</summary>
    public byte[]? StoredHash { get; set; }

    public string? StoredResponse { get; set; }

    /// <summary>Whether what it depends on has been read.</summary>
    public bool IsRead { get; set; }

    /// <summary>Whether it was read with nothing being posted meanwhile: only then is a refusal for lack of funds or the like final.</summary>
    public bool IsFresh { get; set; }

    /// <summary>Another command under the same key is ahead of it in this batch.</summary>
    public bool Waits { get; set; }

    public abstract bool IsAnswered { get; }

    /// <summary>Why it is refused; answered once the refusal is on the audit trail.</summary>
    public Problem? Refusal { get; set; }

    /// <summary>Answers with what was stored (or has just been stored) under the key.</summary>
    public abstract void Succeed(string response, bool replayed);

    public abstract void Refuse(Problem problem);
}

internal sealed class PaymentItem : PostingItem
{
    private readonly TaskCompletionSource<PaymentOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public required Caller Caller { get; init; }

    public required Guid PaymentId { get; init; }

    public Task<PaymentOutcome> Completion => _completion.Task;

    public override bool IsAnswered => _completion.Task.IsCompleted;

    /// <summary>What the last read found; null when the caller's party has no such payment.</summary>
    public PaymentSnapshot? Snapshot { get; set; }

    public static byte[] HashOf(Guid paymentId)
    {
        Span<byte> content = stackalloc byte[32];
        "payment.execute:"u8.CopyTo(content);
        paymentId.TryWriteBytes(content[16..]);
        return SHA256.HashData(content);
    }

    public override void Succeed(string response, bool replayed)
    {
        _completion.TrySetResult(new PaymentOutcome(response, null, replayed));
        Followers?.ForEach(follower => follower.Succeed(response, replayed: true));
    }

    public override void Refuse(Problem problem)
    {
        _completion.TrySetResult(new PaymentOutcome(null, problem));
        Followers?.ForEach(follower => follower.Refuse(problem));
    }

    public void AskForApproval()
    {
        _completion.TrySetResult(new PaymentOutcome(null, null, ApprovalMissing: true));
        Followers?.ForEach(follower => ((PaymentItem)follower).AskForApproval());
    }
}

internal sealed class MovementItem : PostingItem
{
    private readonly TaskCompletionSource<MovementOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public required Movement Movement { get; init; }

    public Task<MovementOutcome> Completion => _completion.Task;

    public override bool IsAnswered => _completion.Task.IsCompleted;

    public MovementSnapshot? Snapshot { get; set; }

    public static byte[] HashOf(Movement movement) => SHA256.HashData(Encoding.UTF8.GetBytes(
        $"movement:{movement.Kind}:{movement.AccountIban}:{movement.Amount}:{movement.Counterparty.Length}:{movement.Counterparty}:{movement.Category}:{movement.Reference}"));

    public override void Succeed(string response, bool replayed)
    {
        var receipt = System.Text.Json.JsonSerializer.Deserialize(response, Payments.PaymentJson.Default.CashReceipt);
        _completion.TrySetResult(new MovementOutcome(receipt, null, replayed));
        Followers?.ForEach(follower => follower.Succeed(response, replayed: true));
    }

    public override void Refuse(Problem problem)
    {
        _completion.TrySetResult(new MovementOutcome(null, problem));
        Followers?.ForEach(follower => follower.Refuse(problem));
    }

    public void AskForApproval()
    {
        _completion.TrySetResult(new MovementOutcome(null, null, ApprovalMissing: true));
        Followers?.ForEach(follower => ((MovementItem)follower).AskForApproval());
    }
}

/// <summary>An account as read, then carried through the batch: later items see what earlier ones did to it.</summary>
internal sealed class AccountState
{
    public required long Id { get; init; }

    public required Guid PublicId { get; init; }

    public required string Iban { get; init; }

    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string State { get; init; }

    public required string Currency { get; init; }

    public required long Balance { get; set; }

    public required long Reserved { get; set; }

    public required long OverdraftLimit { get; init; }

    /// <summary>Counts the batches that changed it.</summary>
    public required long Version { get; set; }

    public long Available => Balance - Reserved + OverdraftLimit;

    public bool IsBanks => Type is not ("current" or "savings");
}

/// <summary>A history row as read, then carried through the batch.</summary>
internal sealed class HistoryState
{
    public required short Kind { get; init; }

    public required string Key { get; init; }

    /// <summary>Whether there is no row yet.</summary>
    public required bool IsNew { get; set; }

    public required byte[] Bytes { get; set; }

    /// <summary><see cref="Bytes"/> as read, once somebody needed it.</summary>
    public EntityHistory? Parsed { get; set; }

    public required long Version { get; set; }

    public required DateOnly SpentOn { get; set; }

    public required long SpentAmount { get; set; }

    /// <summary>Place among the batch's histories in their locking order, from 1.</summary>
    public int Index { get; set; }

    public long SpentOnDay(DateOnly date) => SpentOn == date ? SpentAmount : 0;
}

/// <summary>One payment and everything its execution depends on, as one read found it.</summary>
internal sealed class PaymentSnapshot
{
    public required long Id { get; init; }

    public required int Version { get; init; }

    public required string State { get; init; }

    public required long Amount { get; init; }

    public required string Currency { get; init; }

    public required string CreditorName { get; init; }

    public required string CreditorIban { get; init; }

    public required string? Remittance { get; init; }

    public required string Channel { get; init; }

    public required string? ConversationId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required AccountState Debtor { get; set; }

    public required bool DebtorHeld { get; init; }

    /// <summary>The creditor's account at this bank, if it is one.</summary>
    public required AccountState? Creditor { get; set; }

    public required bool CreditorIsOwn { get; init; }

    public required Guid? PayeePublicId { get; init; }

    public required long PayeeId { get; init; }

    public required DateTimeOffset? PayeeCreatedAt { get; init; }

    public required bool PayeeRemoved { get; init; }

    public required int PayeePayments { get; set; }

    public required long AuthorizationId { get; init; }

    public required Guid AuthorizationPublicId { get; init; }

    public required string? AuthorizationState { get; init; }

    public required byte[] AuthorizationHash { get; init; }

    public required DateTimeOffset AuthorizationExpiresAt { get; init; }

    public required long AuthorizationUserId { get; init; }

    public required long AuthorizationSessionId { get; init; }

    public required DateTimeOffset SessionCreatedAt { get; init; }

    public required bool SessionRevoked { get; init; }

    public required DateTimeOffset SessionExpiresAt { get; init; }

    public required DateTimeOffset? DeviceFirstSeenAt { get; init; }

    public required DateTimeOffset PartyCreatedAt { get; init; }

    public required byte[] PartyNameCipher { get; init; }

    public required int CredentialChanges { get; init; }

    public required HistoryState Payer { get; set; }

    public required HistoryState Counterparty { get; set; }
}

/// <summary>A movement's account and approval, as one read found them.</summary>
internal sealed class MovementSnapshot
{
    public required AccountState? Account { get; set; }

    public required long AuthorizationId { get; init; }

    public required string? AuthorizationState { get; init; }

    public required byte[] AuthorizationHash { get; init; }

    public required DateTimeOffset AuthorizationExpiresAt { get; init; }

    public required bool SessionLive { get; init; }
}
