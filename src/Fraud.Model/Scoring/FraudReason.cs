namespace Fraud.Model;

/// <summary>Why a payment stands out. The numbers are stored with decisions: never reuse or renumber one.</summary>
public enum FraudReasonCode
{
    /// <summary>A feature was missing or not a number, so the payment could not be judged and counts as the highest risk.</summary>
    NotScorable = 0,

    /// <summary>The amount is far above what this customer usually pays.</summary>
    AmountUnusual = 1,

    /// <summary>The payee was added recently or has hardly been paid.</summary>
    NewPayee = 2,

    /// <summary>Many payments in a short time.</summary>
    ManyPaymentsQuickly = 3,

    /// <summary>Little would be left on the account.</summary>
    BalanceDrained = 4,

    /// <summary>The hour is unusual, for anyone or for this customer.</summary>
    UnusualTime = 5,

    /// <summary>The device was first seen recently.</summary>
    NewDevice = 6,

    /// <summary>The payee has begun to receive from many different payers.</summary>
    PayeeReceivesFromMany = 7,

    /// <summary>Credentials or contact data changed in the last days.</summary>
    RecentCredentialChange = 8,

    /// <summary>More money than usual has left the account in the last days.</summary>
    OutflowUnusual = 9,

    /// <summary>Several payees were paid for the first time on one day.</summary>
    ManyNewPayees = 10,

    /// <summary>A large amount, or most of the balance, to a payee who is new.</summary>
    LargeAmountToNewPayee = 11,

    /// <summary>The payee receives more, or more often, than it used to.</summary>
    PayeeActivityUnusual = 12,

    /// <summary>The payment follows directly on signing in.</summary>
    NewSession = 13,

    /// <summary>The customer relationship is young.</summary>
    NewCustomer = 14,

    /// <summary>New device, new payee and most of the balance together, possibly after a credential change.</summary>
    TakeoverPattern = 15,
}

/// <summary>One reason for a score.</summary>
/// <param name="Code">What stands out.</param>
/// <param name="Contribution">
/// How much it raised log2 of the raw anomaly score (see <see cref="IsolationForest"/>); always positive, comparable between payments of one model.
/// </param>
public sealed record FraudReason(FraudReasonCode Code, double Contribution);

/// <summary>The judgement on one payment.</summary>
/// <param name="Score">
/// 0 to 1: the share of ordinary payments that look less unusual than this one. Compare with <see cref="FraudModel.HoldThreshold"/>.
/// </param>
/// <param name="Reasons">What raised the score, strongest first; only things that deviate in the risky direction. May be empty.</param>
/// <param name="ModelVersion">The model that judged.</param>
public sealed record FraudScore(double Score, IReadOnlyList<FraudReason> Reasons, string ModelVersion);

/// <summary>The words for reasons.</summary>
public static class FraudReasonTexts
{
    extension(FraudReasonCode code)
    {
        /// <summary>
        /// For the customer. Says what the bank looked at, never a threshold or what would have passed. Reasons that would teach an attacker
        /// how payees and sign-ins are watched share one general sentence.
        /// </summary>
        public string CustomerText => code switch
        {
            FraudReasonCode.AmountUnusual => "The amount is unusual for you.",
            FraudReasonCode.NewPayee => "You have not paid this payee much before.",
            FraudReasonCode.ManyPaymentsQuickly => "There were several payments in a short time.",
            FraudReasonCode.BalanceDrained => "The payment would use much of your balance.",
            FraudReasonCode.UnusualTime => "The payment was made at an unusual time.",
            FraudReasonCode.OutflowUnusual => "More than usual has been paid from your account recently.",
            FraudReasonCode.LargeAmountToNewPayee => "It is a large payment to someone you have not paid before.",
            FraudReasonCode.ManyNewPayees => "Several new payees were paid recently.",
            _ => "We want to be sure that this payment is yours.",
        };

        /// <summary>For the bank's risk team.</summary>
        public string AnalystText => code switch
        {
            FraudReasonCode.NotScorable => "A feature was missing or not finite; scored as the highest risk.",
            FraudReasonCode.AmountUnusual => "Amount far above the payer's habit.",
            FraudReasonCode.NewPayee => "Payee added recently or hardly paid before.",
            FraudReasonCode.ManyPaymentsQuickly => "Payment velocity above the payer's habit (10 min, 1 h, 1 day).",
            FraudReasonCode.BalanceDrained => "Balance (almost) emptied, alone or with the other payments of the hour or day.",
            FraudReasonCode.UnusualTime => "Night, or an hour at which this payer does not pay.",
            FraudReasonCode.NewDevice => "Device first seen recently.",
            FraudReasonCode.PayeeReceivesFromMany => "Payee's in-degree is growing quickly (mule pattern).",
            FraudReasonCode.RecentCredentialChange => "Credential or contact data changed in the last 7 days.",
            FraudReasonCode.OutflowUnusual => "Outflow of the last 1 or 7 days above the 30-day habit.",
            FraudReasonCode.ManyNewPayees => "Several payees paid for the first time in one day.",
            FraudReasonCode.LargeAmountToNewPayee => "Large amount or most of the balance to a new payee.",
            FraudReasonCode.PayeeActivityUnusual => "Payee receives more, or more often, than in its last 30 days.",
            FraudReasonCode.NewSession => "Payment immediately after sign-in.",
            FraudReasonCode.NewCustomer => "Young customer relationship.",
            FraudReasonCode.TakeoverPattern => "New device, new payee and drained balance together (account takeover pattern).",
            _ => throw new ArgumentOutOfRangeException(nameof(code)),
        };
    }
}
