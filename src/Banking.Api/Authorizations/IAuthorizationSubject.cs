using System.Text.Json.Nodes;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;

namespace Banking.Api.Authorizations;

/// <summary>Types of authorization: what a customer (or teller) can be asked to approve.</summary>
public static class AuthorizationTypes
{
    /// <summary>One payment: payer account, payee, amount, reference.</summary>
    public const string PaymentInitiation = "payment_initiation";

    /// <summary>Saving one payee: name and IBAN.</summary>
    public const string PayeeCreation = "payee_creation";

    /// <summary>Adding or removing a passkey.</summary>
    public const string CredentialRegistration = "credential_registration";

    /// <summary>One deposit or withdrawal at the counter.</summary>
    public const string CashMovement = "cash_movement";
}

/// <summary>
/// The noun behind a type of authorization whose details live in a row of its own (a payment). On approval the details are read again
/// under lock and must hash to exactly what was shown; so an approval dies with any change of its subject (PSD2 RTS article 5(1)(d)).
/// Types without a row of their own (payee creation) need none: the command repeats the details and the hash must match.
/// </summary>
public interface IAuthorizationSubject
{
    /// <summary>The type this subject serves.</summary>
    string Type { get; }

    /// <summary>The subject's present details, its row locked in the ambient transaction of <paramref name="db"/>; null when it no longer awaits approval.</summary>
    Task<JsonObject?> LoadForApprovalAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken);

    /// <summary>Records on the subject that it is approved, in the same transaction.</summary>
    Task OnApprovedAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken);

    /// <summary>Records on the subject that the customer declined, in the same transaction.</summary>
    Task OnDeclinedAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken);
}

/// <summary>
/// Asks for, and consumes, authorizations. Every consequential command goes through here:
/// first call without approval -> <see cref="RequestAsync"/> gives the authorization to be approved; the repeated command -> <see cref="ConsumeAsync"/>.
/// </summary>
public interface IAuthorizations
{
    /// <summary>
    /// Makes a pending authorization (a live one for the same subject is superseded) inside the ambient transaction of <paramref name="db"/> if there is one.
    /// </summary>
    Task<AuthorizationRecord> RequestAsync(BankDbContext db, Caller caller, string type, JsonObject details, long? subjectId, string? subjectRef, string acrValues, CancellationToken cancellationToken);

    /// <summary>Uses up an approved authorization whose details equal <paramref name="details"/>, atomically; null on success, the failure otherwise.</summary>
    Task<Problem?> ConsumeAsync(BankDbContext db, Caller caller, string type, JsonObject details, string authorizationId, CancellationToken cancellationToken);

    /// <summary>Ends live authorizations of a subject because the subject changed.</summary>
    Task SupersedeAsync(BankDbContext db, string type, long subjectId, CancellationToken cancellationToken);

    /// <summary>The RFC 9470 answer that names the authorization to approve.</summary>
    Problem Challenge(AuthorizationRecord authorization);
}

/// <summary>A row of <c>identity.authorization</c>.</summary>
public sealed class AuthorizationRecord
{
    /// <summary>Key.</summary>
    public long Id { get; set; }

    /// <summary>Public id (<c>aut_</c>).</summary>
    public Guid PublicId { get; set; }

    /// <summary>Who may approve it.</summary>
    public long UserId { get; set; }

    /// <summary>The session it was asked for in; it cannot be approved in another.</summary>
    public long SessionId { get; set; }

    /// <summary>One of <see cref="AuthorizationTypes"/>.</summary>
    public required string Type { get; set; }

    /// <summary>Key of the subject's row, where it has one.</summary>
    public long? SubjectId { get; set; }

    /// <summary>Public id of the subject.</summary>
    public string? SubjectRef { get; set; }

    /// <summary>The details as shown, JSON.</summary>
    public required string Details { get; set; }

    /// <summary>SHA-256 of the details' RFC 8785 form.</summary>
    public required byte[] DetailsHash { get; set; }

    /// <summary>Authentication context wanted, space separated.</summary>
    public required string AcrValues { get; set; }

    /// <summary>pending, approved, consumed, declined, expired or superseded.</summary>
    public required string State { get; set; }

    /// <summary>totp or passkey, once approved.</summary>
    public string? Method { get; set; }

    /// <summary>Wrong codes so far.</summary>
    public int Failures { get; set; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it ends, approved or not.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it was approved.</summary>
    public DateTimeOffset? ApprovedAt { get; set; }

    /// <summary>When it was used.</summary>
    public DateTimeOffset? ConsumedAt { get; set; }
}
