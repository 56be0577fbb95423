using System.Collections.Frozen;

namespace Banking.Api.Payments;

/// <summary>States of a payment, as stored and as on the wire.</summary>
public static class PaymentStates
{
    /// <summary>Prepared; nobody has been asked to approve it.</summary>
    public const string Draft = "draft";

    /// <summary>Submitted: its authorization waits for the customer.</summary>
    public const string AwaitingApproval = "awaiting_approval";

    /// <summary>Approved by the customer with a second factor, for exactly these details.</summary>
    public const string Approved = "approved";

    /// <summary>Stopped by the fraud decision for review; the funds are reserved.</summary>
    public const string Held = "held";

    /// <summary>Posted.</summary>
    public const string Executed = "executed";

    /// <summary>Refused by the bank.</summary>
    public const string Rejected = "rejected";

    /// <summary>Ended by the customer.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>Nobody took it further in time.</summary>
    public const string Expired = "expired";

    /// <summary>Could not be posted: funds, limit or an account's state.</summary>
    public const string Failed = "failed";

    /// <summary>Posted and come back.</summary>
    public const string Returned = "returned";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Draft, AwaitingApproval, Approved, Held, Executed, Rejected, Cancelled, Expired, Failed, Returned];
}

/// <summary>What can be done to a payment.</summary>
public enum PaymentCommand
{
    /// <summary>The customer or the assistant changes it.</summary>
    Amend,

    /// <summary>The customer asks for the approval.</summary>
    Submit,

    /// <summary>The customer approves with a second factor.</summary>
    Approve,

    /// <summary>The customer declines the approval.</summary>
    Decline,

    /// <summary>It is posted.</summary>
    Execute,

    /// <summary>The fraud decision stops it for review.</summary>
    Hold,

    /// <summary>The review lets it go: it is posted.</summary>
    Release,

    /// <summary>The bank refuses it.</summary>
    Reject,

    /// <summary>It cannot be posted.</summary>
    Fail,

    /// <summary>The customer ends it.</summary>
    Cancel,

    /// <summary>Its time is over.</summary>
    Expire,

    /// <summary>The receiving bank sends it back.</summary>
    Return,
}

/// <summary>The one table of allowed transitions; every change of a payment's state goes through it.</summary>
public static class PaymentTransitions
{
    private static readonly FrozenDictionary<(string State, PaymentCommand Command), string> Allowed = new Dictionary<(string, PaymentCommand), string>
    {
        [(PaymentStates.Draft, PaymentCommand.Amend)] = PaymentStates.Draft,
        [(PaymentStates.Draft, PaymentCommand.Submit)] = PaymentStates.AwaitingApproval,
        [(PaymentStates.Draft, PaymentCommand.Cancel)] = PaymentStates.Cancelled,
        [(PaymentStates.Draft, PaymentCommand.Expire)] = PaymentStates.Expired,

        [(PaymentStates.AwaitingApproval, PaymentCommand.Amend)] = PaymentStates.Draft,
        [(PaymentStates.AwaitingApproval, PaymentCommand.Submit)] = PaymentStates.AwaitingApproval,
        [(PaymentStates.AwaitingApproval, PaymentCommand.Approve)] = PaymentStates.Approved,
        [(PaymentStates.AwaitingApproval, PaymentCommand.Decline)] = PaymentStates.Cancelled,
        [(PaymentStates.AwaitingApproval, PaymentCommand.Cancel)] = PaymentStates.Cancelled,
        [(PaymentStates.AwaitingApproval, PaymentCommand.Expire)] = PaymentStates.Expired,

        // An approval lives minutes, the payment a day: it may be asked for again.
        [(PaymentStates.Approved, PaymentCommand.Submit)] = PaymentStates.AwaitingApproval,
        [(PaymentStates.Approved, PaymentCommand.Execute)] = PaymentStates.Executed,
        [(PaymentStates.Approved, PaymentCommand.Hold)] = PaymentStates.Held,
        [(PaymentStates.Approved, PaymentCommand.Reject)] = PaymentStates.Rejected,
        [(PaymentStates.Approved, PaymentCommand.Fail)] = PaymentStates.Failed,
        [(PaymentStates.Approved, PaymentCommand.Cancel)] = PaymentStates.Cancelled,
        [(PaymentStates.Approved, PaymentCommand.Expire)] = PaymentStates.Expired,

        [(PaymentStates.Held, PaymentCommand.Release)] = PaymentStates.Executed,
        [(PaymentStates.Held, PaymentCommand.Reject)] = PaymentStates.Rejected,
        [(PaymentStates.Held, PaymentCommand.Fail)] = PaymentStates.Failed,
        [(PaymentStates.Held, PaymentCommand.Cancel)] = PaymentStates.Cancelled,

        [(PaymentStates.Executed, PaymentCommand.Return)] = PaymentStates.Returned,
    }.ToFrozenDictionary();

    /// <summary>The state a command leads to; null when the present state does not allow it.</summary>
    public static string? Next(string state, PaymentCommand command) => Allowed.GetValueOrDefault((state, command));
}
