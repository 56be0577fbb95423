namespace Fraud.Model;

/// <summary>Whose account the money goes to.</summary>
public enum PaymentKind
{
    /// <summary>Between two accounts of the same customer.</summary>
    OwnTransfer = 0,

    /// <summary>To another customer of this bank.</summary>
    Internal = 1,

    /// <summary>To an account at another bank.</summary>
    External = 2,
}

/// <summary>Where the payment was drafted.</summary>
public enum PaymentChannel
{
    /// <summary>The bank's own pages.</summary>
    Web = 0,

    /// <summary>A conversation with the assistant.</summary>
    Assistant = 1,
}

/// <summary>
/// Everything known about one payment when it is scored, besides the histories of payer and counterparty.
/// Ages are elapsed times at <paramref name="At"/>; an age that is negative or not a number counts as zero, that is, as new.
/// </summary>
/// <param name="At">The instant of the decision.</param>
/// <param name="UtcOffset">The bank's zone offset at that instant, for the local hour of day.</param>
/// <param name="AmountMinor">Amount in minor units of the bank's currency. A negative amount counts as zero.</param>
/// <param name="AvailableBeforeMinor">Available balance of the debited account before the payment, in minor units.</param>
/// <param name="Kind">Whose account the money goes to.</param>
/// <param name="Channel">Where the payment was drafted. Not a risk in itself, so no anomaly feature reads it.</param>
/// <param name="PaymentsToPayeeBefore">Executed payments of this customer to this payee so far.</param>
/// <param name="PayeeAgeHours">Hours since the customer added the payee.</param>
/// <param name="SessionAgeMinutes">Minutes since the customer signed in.</param>
/// <param name="DeviceAgeDays">Days since the device was first seen with this customer.</param>
/// <param name="CustomerAgeDays">Days since the customer relationship began.</param>
/// <param name="CredentialChangesLast7Days">Password, passkey, TOTP or contact changes in the last seven days.</param>
public readonly record struct PaymentFacts(
    DateTimeOffset At,
    TimeSpan UtcOffset,
    long AmountMinor,
    long AvailableBeforeMinor,
    PaymentKind Kind,
    PaymentChannel Channel,
    int PaymentsToPayeeBefore,
    double PayeeAgeHours,
    double SessionAgeMinutes,
    double DeviceAgeDays,
    double CustomerAgeDays,
    int CredentialChangesLast7Days)
{
    /// <summary>
    /// Whether the executed payment is recorded in the histories of payer and counterparty. Transfers between own accounts are not: the
    /// money has not left the customer, and savings habits must not hide or feign spending habits.
    /// </summary>
    public bool EntersHistories => Kind != PaymentKind.OwnTransfer;
}
