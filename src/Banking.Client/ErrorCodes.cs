namespace Banking.Client;

/// <summary>
/// The stable <c>code</c> of every ProblemDetails (RFC 9457) the bank answers. Callers match on the code; people read the text.
/// A code never changes its meaning; a new meaning gets a new code.
/// </summary>
public static class ErrorCodes
{
    /// <summary>The request is not of the declared form; <c>errors</c> names each field.</summary>
    public const string ValidationFailed = "validation_failed";

    /// <summary>The body is not JSON, or not of the declared content type.</summary>
    public const string MalformedRequest = "malformed_request";

    /// <summary>No valid token.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>The token is valid and does not allow this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>No such resource for this caller; also the answer for somebody else's.</summary>
    public const string NotFound = "not_found";

    /// <summary>Too many requests.</summary>
    public const string TooManyRequests = "too_many_requests";

    /// <summary>Something failed on our side; nothing was done.</summary>
    public const string InternalError = "internal_error";

    /// <summary>A dependency is not available; nothing was done and the same call may be repeated.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>User name, password, code or passkey is wrong, or the user does not exist.</summary>
    public const string InvalidCredentials = "invalid_credentials";

    /// <summary>Too many failures; <c>retryAfter</c> says when to try again. Given only to someone who knows the password.</summary>
    public const string AccountLocked = "account_locked";

    /// <summary>The sign-in attempt is unknown, used or too old: start again.</summary>
    public const string SignInExpired = "sign_in_expired";

    /// <summary>RFC 9470: the command needs the customer's approval of exactly this operation; <c>authorizationId</c> names it.</summary>
    public const string InsufficientUserAuthentication = "insufficient_user_authentication";

    /// <summary>The second factor was not accepted.</summary>
    public const string FactorFailed = "factor_failed";

    /// <summary>The WebAuthn ceremony is unknown, answered already or too old: ask for new options.</summary>
    public const string CeremonyExpired = "ceremony_expired";

    /// <summary>The user has no factor of this kind, or the operation does not accept it.</summary>
    public const string FactorNotAvailable = "factor_not_available";

    /// <summary>The passkey was not accepted: it is known already, or what the browser answered does not verify.</summary>
    public const string PasskeyRefused = "passkey_refused";

    /// <summary>The authorization was used already.</summary>
    public const string AuthorizationUsed = "authorization_used";

    /// <summary>The authorization is too old.</summary>
    public const string AuthorizationExpired = "authorization_expired";

    /// <summary>The authorization was declined or replaced.</summary>
    public const string AuthorizationNotPending = "authorization_not_pending";

    /// <summary>What was approved is not what would be done now.</summary>
    public const string AuthorizationSubjectChanged = "authorization_subject_changed";

    /// <summary>RFC 8693: the token exchange was refused.</summary>
    public const string InvalidGrant = "invalid_grant";

    /// <summary>An <c>Idempotency-Key</c> is required, or is not 1 to 64 visible ASCII characters.</summary>
    public const string IdempotencyKeyInvalid = "idempotency_key_invalid";

    /// <summary>The key was used for another request.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";

    /// <summary>The amount is not a plain decimal number.</summary>
    public const string AmountMalformed = "amount_malformed";

    /// <summary>The amount is zero or negative.</summary>
    public const string AmountNotPositive = "amount_not_positive";

    /// <summary>The amount has more decimal places than its currency.</summary>
    public const string AmountTooPrecise = "amount_too_precise";

    /// <summary>The amount is beyond what the bank accepts.</summary>
    public const string AmountTooLarge = "amount_too_large";

    /// <summary>The currency is unknown, or not that of the account.</summary>
    public const string CurrencyMismatch = "currency_mismatch";

    /// <summary>The account is unknown to this customer.</summary>
    public const string AccountNotFound = "account_not_found";

    /// <summary>The account is closed.</summary>
    public const string AccountClosed = "account_closed";

    /// <summary>The account is frozen.</summary>
    public const string AccountFrozen = "account_frozen";

    /// <summary>The payee is unknown to this customer.</summary>
    public const string PayeeNotFound = "payee_not_found";

    /// <summary>The same account is saved already.</summary>
    public const string PayeeExists = "payee_exists";

    /// <summary>The IBAN's form or check digits (ISO 13616) are wrong.</summary>
    public const string IbanInvalid = "iban_invalid";

    /// <summary>Payer and payee are the same account.</summary>
    public const string SameAccount = "same_account";

    /// <summary>The available balance does not cover the amount.</summary>
    public const string InsufficientFunds = "insufficient_funds";

    /// <summary>The amount would pass a limit of the customer or of the assistant.</summary>
    public const string LimitExceeded = "limit_exceeded";

    /// <summary>The payment is in a state that does not allow this.</summary>
    public const string InvalidPaymentState = "invalid_payment_state";

    /// <summary>No fraud score could be made, so nothing was executed.</summary>
    public const string ScoringUnavailable = "scoring_unavailable";

    /// <summary>The page cursor was not issued by this list.</summary>
    public const string CursorInvalid = "cursor_invalid";

    /// <summary>The last second factor cannot be removed.</summary>
    public const string LastFactor = "last_factor";
}
