using Banking.Client;

namespace Bank.Web.Errors;

/// <summary>What the bank's error codes mean to a person, and which field of a form they are about. The one place where codes become sentences.</summary>
internal static class Explanation
{
    /// <summary>A kind sentence that says what happened to the customer's intent and what to do next.</summary>
    public static string Of(ApiProblem problem) => problem.Code switch
    {
        ErrorCodes.InvalidCredentials => "That did not match what we know. Please check what you typed and try again.",
        ErrorCodes.AccountLocked => "For your safety this account is locked for 15 minutes after too many failed attempts. Please try again later.",
        ErrorCodes.SignInExpired => "That took a little long, so please start signing in again.",
        ErrorCodes.FactorFailed => "The code or passkey was not accepted. A code works once and for 30 seconds: please use the next one.",
        ErrorCodes.AuthorizationExpired => "The request to approve ran out after five minutes. Nothing was done; please start again.",
        ErrorCodes.AuthorizationUsed => "This approval was used already.",
        ErrorCodes.AuthorizationNotPending => "This request was declined or replaced by a newer one. Nothing was done.",
        ErrorCodes.AuthorizationSubjectChanged => "The details changed after you opened this page. Nothing was done; please look at the new details below.",
        ErrorCodes.InsufficientUserAuthentication => "The bank needs your approval for this.",
        ErrorCodes.AmountMalformed => "Please enter an amount such as 25 or 25.50.",
        ErrorCodes.AmountNotPositive => "The amount must be more than zero.",
        ErrorCodes.AmountTooPrecise => "The amount can have at most two decimal places.",
        ErrorCodes.AmountTooLarge => "The amount is more than the bank can accept.",
        ErrorCodes.CurrencyMismatch => "The account is kept in another currency.",
        ErrorCodes.AccountNotFound => "We could not find that account. Please choose one from the list.",
        ErrorCodes.AccountClosed => "That account is closed.",
        ErrorCodes.AccountFrozen => "That account is frozen at the moment. Please contact the bank.",
        ErrorCodes.PayeeNotFound => "We could not find that payee. Please choose one from the list.",
        ErrorCodes.PayeeExists => "You have already saved a payee with this account number.",
        ErrorCodes.IbanInvalid => "This is not a valid IBAN. Please compare it with what you were given, digit by digit.",
        ErrorCodes.SameAccount => "Please choose two different accounts.",
        ErrorCodes.InsufficientFunds => "There is not enough money available in this account for that amount.",
        ErrorCodes.LimitExceeded => "This would go over your limit for today.",
        ErrorCodes.InvalidPaymentState => "This payment has moved on, so that is no longer possible. The page shows where it stands.",
        ErrorCodes.ScoringUnavailable => "We could not check this payment for fraud just now, so it was not sent. Please try again in a moment.",
        ErrorCodes.IdempotencyKeyReused => "This form was sent before with other details. Please check what happened, then start again.",
        ErrorCodes.TooManyRequests => "That was a little fast. Please wait a moment and try again.",
        ErrorCodes.Unavailable => "The bank cannot be reached just now. What you entered is still here; sending it again will not do anything twice.",
        ErrorCodes.LastFactor => "This is your only second factor. Add another one before you remove it.",
        ErrorCodes.Forbidden => "You are not allowed to do that.",
        ErrorCodes.NotFound => "We could not find that. It may have been removed.",
        ErrorCodes.ValidationFailed or ErrorCodes.MalformedRequest => problem.Detail ?? "Please check what you entered.",
        _ => "Something went wrong on our side and nothing was done. Please try again.",
    };

    /// <summary>The form field a code is about; empty when it is about the whole form.</summary>
    public static string FieldOf(ApiProblem problem) => problem.Code switch
    {
        ErrorCodes.AmountMalformed or ErrorCodes.AmountNotPositive or ErrorCodes.AmountTooPrecise or ErrorCodes.AmountTooLarge
            or ErrorCodes.InsufficientFunds or ErrorCodes.LimitExceeded => "Amount",
        ErrorCodes.IbanInvalid or ErrorCodes.PayeeExists => "Iban",
        ErrorCodes.FactorFailed => "Code",
        ErrorCodes.PayeeNotFound or ErrorCodes.SameAccount => "To",
        ErrorCodes.AccountNotFound or ErrorCodes.AccountClosed or ErrorCodes.AccountFrozen or ErrorCodes.CurrencyMismatch => "From",
        _ => "",
    };
}
