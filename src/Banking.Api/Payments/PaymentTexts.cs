using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>Words for the customer.</summary>
internal static class PaymentTexts
{
    public static IReadOnlyList<string> OfFailure(string code) =>
    [
        code switch
        {
            ErrorCodes.InsufficientFunds => "The available balance did not cover the amount.",
            ErrorCodes.LimitExceeded => "The payment would have passed your limit for a payment or a day.",
            ErrorCodes.AccountClosed => "The account is closed.",
            ErrorCodes.AccountFrozen => "The account is frozen.",
            ErrorCodes.PayeeNotFound => "The payee is no longer in your list.",
            ErrorCodes.AccountNotFound => "The payee's account does not exist.",
            ErrorCodes.CurrencyMismatch => "The account is in another currency.",
            _ => "The payment could not be made.",
        },
    ];
}
