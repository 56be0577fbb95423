using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;

namespace Banking.Api.Ledger;

/// <summary>
/// The only way money moves. Commands queue for one writer per process, which works through whatever is waiting in two round trips
/// to the database; the answer is given after the commit, and a caller that goes away does not undo what was decided.
/// </summary>
public interface IPostingWriter
{
    /// <summary>
    /// Executes an approved payment of the caller's party: rechecks approval, hash, session, limits and funds, scores it, and posts, holds or fails it.
    /// </summary>
    /// <param name="caller">Who executes; the approval must have been given in this session.</param>
    /// <param name="paymentId">Public id of the payment.</param>
    /// <param name="idempotencyKey">Same key, same payment: the first answer again.</param>
    /// <param name="cancellationToken">Stops the waiting, not the execution.</param>
    Task<PaymentOutcome> ExecutePaymentAsync(Caller caller, Guid paymentId, string idempotencyKey, CancellationToken cancellationToken = default);

    /// <summary>Posts a movement that is no payment of a customer: cash at the counter, an opening balance, money arriving from or collected by another bank.</summary>
    Task<MovementOutcome> PostMovementAsync(Movement movement, CancellationToken cancellationToken = default);
}

/// <summary>How the execution of a payment ended.</summary>
/// <param name="Body">The payment as JSON, exactly as first answered; null when there is a problem.</param>
/// <param name="Problem">Why nothing happened; null on success.</param>
/// <param name="Replayed">The answer was given before under the same idempotency key.</param>
/// <param name="ApprovalMissing">Nothing happened because the payment's authorization is missing, pending or over: ask for one.</param>
public sealed record PaymentOutcome(string? Body, Problem? Problem, bool Replayed = false, bool ApprovalMissing = false);

/// <summary>Kinds of <see cref="Movement"/>; they decide the bank's account on the other side.</summary>
public enum MovementKind
{
    /// <summary>Cash handed in at the counter: the bank's cash account pays into the customer's account.</summary>
    Deposit,

    /// <summary>Cash handed out at the counter.</summary>
    Withdrawal,

    /// <summary>The balance an account starts with, from the suspense account.</summary>
    Opening,

    /// <summary>Money from an account at another bank, through the settlement account.</summary>
    Incoming,

    /// <summary>Money collected by an account at another bank (direct debit, card), through the settlement account.</summary>
    Outgoing,
}

/// <summary>A movement between a customer's account and an account of the bank.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="AccountIban">The customer's account.</param>
/// <param name="Amount">More than zero.</param>
/// <param name="Counterparty">What the customer sees as the other side.</param>
/// <param name="Category">Spending category.</param>
public sealed record Movement(MovementKind Kind, string AccountIban, Money Amount, string Counterparty, string Category)
{
    /// <summary>What the customer reads beside it.</summary>
    public string? Reference { get; init; }

    /// <summary>The teller; null when the bank itself moves it.</summary>
    public Caller? Caller { get; init; }

    /// <summary>The approved authorization of type <c>cash_movement</c> (<c>aut_</c>) that this movement uses up; required of a caller.</summary>
    public string? AuthorizationId { get; init; }

    /// <summary>SHA-256 of the canonical details that were approved.</summary>
    public byte[]? DetailsHash { get; init; }

    /// <summary>Same key, same movement: the first answer again. Required of a caller.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>When it happens; the present when not given. Only movements of the bank itself may say so.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>How a movement ended: a receipt, or the reason why nothing happened.</summary>
public sealed record MovementOutcome(CashReceipt? Receipt, Problem? Problem, bool Replayed = false, bool ApprovalMissing = false);

/// <summary>Opens accounts. Amounts get onto them by the posting path alone.</summary>
public interface ILedgerAdmin
{
    /// <summary>Opens an account with an IBAN of this bank.</summary>
    Task<OpenedAccount> OpenAccountAsync(OpenAccount request, CancellationToken cancellationToken = default);
}

/// <summary>A new account.</summary>
/// <param name="Holders">Parties by key, each with its role: owner, co_owner or authorised_signatory.</param>
/// <param name="Type">current or savings.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Name">What its holders call it.</param>
/// <param name="OverdraftLimitMinor">How far below zero it may go, in minor units.</param>
/// <param name="OpenedAt">When; the present when not given.</param>
public sealed record OpenAccount(
    IReadOnlyList<(long PartyId, string Role)> Holders,
    string Type,
    Currency Currency,
    string Name,
    long OverdraftLimitMinor = 0,
    DateTimeOffset? OpenedAt = null);

/// <summary>The account that was opened.</summary>
public sealed record OpenedAccount(long Id, Guid PublicId, string Iban);
