using System.Text.Json;

namespace Banking.Client;

/// <summary>One page of a list. <paramref name="NextCursor"/> is opaque; null on the last page.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>A user as the user may know themselves.</summary>
public sealed record UserInfo(string Id, string PartyId, string UserName, string DisplayName, IReadOnlyList<string> Roles);

/// <summary>The device a sign-in comes from, as the bank's own web server saw it. <paramref name="Id"/> is a random, long-lived id from a cookie.</summary>
public sealed record DeviceInfo(string Id, string? UserAgent, string? IpAddress);

/// <summary>First step of sign-in.</summary>
public sealed record PasswordSignIn(string UserName, string Password, DeviceInfo Device);

/// <summary>The password was right: a second factor is now needed. <paramref name="Ticket"/> lives five minutes and is used once.</summary>
public sealed record SecondFactorRequired(string Ticket, IReadOnlyList<string> Methods);

/// <summary>Second step of sign-in: a code of RFC 6238, used once.</summary>
public sealed record TotpSignIn(string Ticket, string Code);

/// <summary>WebAuthn options for the browser, as JSON text to be passed on unchanged, and the ceremony they belong to.</summary>
public sealed record PasskeyOptions(string CeremonyId, string OptionsJson);

/// <summary>Sign-in with a passkey alone (user verification required).</summary>
public sealed record PasskeySignIn(string CeremonyId, string CredentialJson, DeviceInfo Device);

/// <summary>A session was opened. The token is shown once and is for the server that asked, never for a browser.</summary>
public sealed record SignInResult(string AccessToken, string SessionId, UserInfo User, DateTimeOffset ExpiresAt);

/// <summary>The session behind the call. Reading it is no activity: it does not keep the session alive.</summary>
public sealed record SessionInfo(string SessionId, UserInfo User, string Acr, IReadOnlyList<string> Amr, DateTimeOffset AuthTime, DateTimeOffset IdleExpiresAt, DateTimeOffset ExpiresAt);

/// <summary>One of the user's sessions in the list they may revoke from.</summary>
public sealed record SessionSummary(string Id, bool Current, string? UserAgent, string? IpAddress, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, string Acr);

/// <summary>A registered passkey.</summary>
public sealed record PasskeySummary(string Id, string Name, DateTimeOffset CreatedAt);

/// <summary>Registers the passkey made with the options of the ceremony; needs an approved authorization of type <c>credential_registration</c>.</summary>
public sealed record RegisterPasskey(string CeremonyId, string CredentialJson, string Name, string? AuthorizationId);

/// <summary>Asks for a grant that lets the assistant act in one conversation.</summary>
public sealed record CreateDelegationGrant(string ConversationId);

/// <summary>A one-time grant, redeemed by the assistant at the token endpoint within a minute.</summary>
public sealed record DelegationGrant(string Grant, DateTimeOffset ExpiresAt);

/// <summary>
/// Consent to one operation (RFC 9396 style): its <paramref name="Details"/> are what the customer is shown and what the
/// <paramref name="Hash"/> (SHA-256 of their RFC 8785 form, base64url) binds the approval to (PSD2 RTS article 5).
/// </summary>
public sealed record Authorization(
    string Id,
    string Type,
    string State,
    JsonElement Details,
    string Hash,
    string AcrValues,
    IReadOnlyList<string> Methods,
    DateTimeOffset ExpiresAt,
    string? SubjectId);

/// <summary>The customer's answer to an authorization: method <c>totp</c> with a code, or <c>passkey</c> with the browser's credential JSON.</summary>
public sealed record ApproveAuthorization(string Method, string? Code, string? CredentialJson);

/// <summary>An account of the customer. <paramref name="Available"/> is booked minus reserved plus overdraft.</summary>
public sealed record Account(string Id, string Name, string Type, string Iban, string State, Money Booked, Money Available);

/// <summary>One movement on one account; a negative amount left the account.</summary>
public sealed record Transaction(
    string Id,
    string AccountId,
    DateOnly BookingDate,
    DateOnly ValueDate,
    DateTimeOffset PostedAt,
    Money Amount,
    Money BalanceAfter,
    string CounterpartyName,
    string? RemittanceInformation,
    string Category,
    string Kind,
    string? PaymentId);

/// <summary>Money out by category over whole booking days, both ends included.</summary>
public sealed record Spending(DateOnly From, DateOnly To, Money Total, IReadOnlyList<SpendingCategory> Categories);

/// <summary>One category of <see cref="Spending"/>.</summary>
public sealed record SpendingCategory(string Category, Money Amount, int Count);

/// <summary>Somebody the customer pays.</summary>
public sealed record Payee(string Id, string Name, string Iban, DateTimeOffset CreatedAt);

/// <summary>Saves a payee; needs an approved authorization of type <c>payee_creation</c>.</summary>
public sealed record CreatePayee(string Name, string Iban, string? AuthorizationId, string? ConversationId = null);

/// <summary>Drafts a payment from an own account to a payee or to another own account (exactly one of the two).</summary>
public sealed record CreatePayment(string DebtorAccountId, string? PayeeId, string? CreditorAccountId, Money InstructedAmount, string? RemittanceInformation);

/// <summary>Changes a payment that is not approved yet; what is null stays. Any change ends an authorization asked for before.</summary>
public sealed record AmendPayment(string? DebtorAccountId, string? PayeeId, string? CreditorAccountId, Money? InstructedAmount, string? RemittanceInformation);

/// <summary>One side of a payment as shown to the payer.</summary>
public sealed record PaymentParty(string Name, string Iban, string? AccountId, string? PayeeId);

/// <summary>
/// A payment. States: draft, awaiting_approval, approved, held, executed, rejected, cancelled, expired, failed, returned.
/// <paramref name="Reasons"/> say why it is held or failed, in words for the customer, without thresholds.
/// </summary>
public sealed record Payment(
    string Id,
    string State,
    PaymentParty Debtor,
    PaymentParty Creditor,
    Money InstructedAmount,
    string? RemittanceInformation,
    string Channel,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? ExecutedAt,
    string? AuthorizationId,
    string? TransactionId,
    string? FailureCode,
    IReadOnlyList<string> Reasons);

/// <summary>Cash over the counter, by a teller, into or out of an account; needs an approved authorization of type <c>cash_movement</c>.</summary>
public sealed record CashMovement(string AccountIban, Money Amount, string? Note, string? AuthorizationId);

/// <summary>The outcome of a cash movement.</summary>
public sealed record CashReceipt(string JournalEntryId, string AccountIban, Money Amount, DateTimeOffset PostedAt);

/// <summary>What a teller may know before serving somebody at the counter.</summary>
public sealed record TellerAccount(string Iban, string HolderName, string State);
