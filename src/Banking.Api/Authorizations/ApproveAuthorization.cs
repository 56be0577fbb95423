using System.Text.Json.Nodes;
using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using ApprovalRequest = Banking.Client.ApproveAuthorization;

namespace Banking.Api.Authorizations;

/// <summary>
/// The customer approves exactly what they were shown. In one transaction: the subject is locked and read again, the authorization is
/// locked, the ceremony is used up (also when the answer will be no), the details are hashed anew and compared, the factor is checked,
/// and approval, subject and audit trail are written together.
/// </summary>
internal sealed class ApproveAuthorization(
    BankDbContext db, IEnumerable<IAuthorizationSubject> subjects, FactorAttempts attempts, IPasskeyHandler<BankUser> passkeys, IUserStore<BankUser> users, TimeProvider clock)
{
    private const int FailuresMax = 5;
    private const int CredentialLengthMax = 16 * 1024;

    public static Task<IResult> HandleAsync(string id, ApproveAuthorization operation, ApprovalRequest request, HttpContext http, Caller caller, CancellationToken cancellationToken) =>
        operation.RunAsync(id, request, http, caller, cancellationToken);

    private async Task<IResult> RunAsync(string id, ApprovalRequest request, HttpContext http, Caller caller, CancellationToken cancellationToken)
    {
        if (request is not ({ Method: ApprovalMethods.Totp, Code.Length: > 0 and <= 16 } or { Method: ApprovalMethods.Passkey, CredentialJson.Length: > 0 and <= CredentialLengthMax }))
        {
            return Problem.Invalid(ErrorCodes.ValidationFailed, "Approve with method 'totp' and a code, or with method 'passkey' and a credential.");
        }

        if (!PublicId.TryParse(id, PublicId.Authorization, out var publicId))
        {
            return Problem.NotFound();
        }

        return await TransactionRetry.RunAsync(
            db,
            async transaction =>
            {
                var result = await ApproveAsync(publicId, request, http, caller, cancellationToken);
                // A refusal commits too: the failure counts, the ceremony is spent, the trail shows it.
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return result;
            },
            cancellationToken);
    }

    private async Task<IResult> ApproveAsync(Guid publicId, ApprovalRequest request, HttpContext http, Caller caller, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var seen = await AuthorizationEndpoints.Owned(db, caller).AsNoTracking().SingleOrDefaultAsync(row => row.PublicId == publicId, cancellationToken);
        if (seen is null)
        {
            return Problem.NotFound();
        }

        // The subject's row first, then the authorization: the order in which commands that change a subject take these locks.
        var subject = seen.SubjectId is null ? null : subjects.Single(candidate => candidate.Type == seen.Type);
        var current = subject is not null && seen.State == AuthorizationStates.Pending
            ? await subject.LoadForApprovalAsync(db, caller, seen.SubjectId!.Value, cancellationToken)
            : null;
        var record = await AuthorizationEndpoints.LockAsync(db, seen.Id, cancellationToken);
        var ceremony = request.Method == ApprovalMethods.Passkey ? await TakeCeremonyAsync(record.Id, caller, now, cancellationToken) : null;

        if (record.State == AuthorizationStates.Approved)
        {
            return Refuse(AuthorizationService.Used());
        }

        if (AuthorizationService.EndedProblem(record, now) is { } ended)
        {
            if (record.State == AuthorizationStates.Pending)
            {
                record.State = AuthorizationStates.Expired;
            }

            return Refuse(ended);
        }

        // What was shown, what is stored and what would be done now must be one and the same.
        var details = subject is null ? JsonNode.Parse(record.Details)!.AsObject() : current;
        if (details is null || !IsUnchanged(record, details))
        {
            record.State = AuthorizationStates.Superseded;
            return Refuse(AuthorizationService.SubjectChanged());
        }

        if (!record.Accepts(request.Method))
        {
            return Refuse(Problem.Unprocessable(ErrorCodes.FactorNotAvailable, "This operation needs a passkey."));
        }

        if (request.Method == ApprovalMethods.Passkey && ceremony is null)
        {
            return Refuse(Problem.Conflict(ErrorCodes.CeremonyExpired, "This passkey request was answered already or is too old. Try again."));
        }

        var outcome = ceremony is null
            ? await attempts.CheckTotpAsync(db, caller.UserId, request.Code, cancellationToken)
            : await CheckPasskeyAsync(ceremony, CanonicalJson.Hash(details), request.CredentialJson!, http, caller, cancellationToken);
        switch (outcome)
        {
            case FactorOutcome.Locked:
                return Refuse(attempts.LockedProblem(await attempts.LockedUntilAsync(db, caller.UserId, cancellationToken)));

            case FactorOutcome.Refused:
                record.Failures++;
                if (record.Failures >= FailuresMax)
                {
                    record.State = AuthorizationStates.Declined;
                }

                return Refuse(new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.FactorFailed, "The code or passkey was not accepted.")
                {
                    Extensions = new Dictionary<string, object?> { ["attemptsLeft"] = Math.Max(0, FailuresMax - record.Failures) },
                });
        }

        record.State = AuthorizationStates.Approved;
        record.Method = request.Method;
        record.ApprovedAt = now;
        await db.SaveChangesAsync(cancellationToken);
        if (subject is not null)
        {
            await subject.OnApprovedAsync(db, caller, record.SubjectId!.Value, cancellationToken);
        }

        db.Add(AuditEvent.Create(now, caller, "authorization.approve", record.WireId(), "ok", record.AuditDetails(request.Method)));
        return Results.Ok(record.ToWire(request.Method == ApprovalMethods.Passkey || await AuthorizationEndpoints.HasPasskeyAsync(db, caller, cancellationToken), now));

        Problem Refuse(Problem problem)
        {
            db.Add(AuditEvent.Create(now, caller, "authorization.approve", record.WireId(), problem.Code, record.AuditDetails(request.Method)));
            return problem;
        }
    }

    /// <summary>Whether the details are, in their canonical form, those the authorization was made for, and those it still shows.</summary>
    internal static bool IsUnchanged(AuthorizationRecord record, JsonObject details) =>
        CanonicalJson.Hash(details).AsSpan().SequenceEqual(record.DetailsHash) && CanonicalJson.Hash(JsonNode.Parse(record.Details)).AsSpan().SequenceEqual(record.DetailsHash);

    private async Task<PasskeyCeremony?> TakeCeremonyAsync(long authorizationId, Caller caller, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ceremonies = await db.Set<PasskeyCeremony>().FromSql(
            $"""
            select * from identity.passkey_ceremony
             where authorization_id = {authorizationId} and user_id = {caller.UserId} and purpose = {CeremonyPurposes.Authorization} and used_at is null and expires_at > {now}
             order by created_at desc, public_id desc for update
            """).AsTracking().ToListAsync(cancellationToken);
        ceremonies.ForEach(ceremony => ceremony.UsedAt = now);
        return ceremonies.FirstOrDefault();
    }

    private async Task<FactorOutcome> CheckPasskeyAsync(
        PasskeyCeremony ceremony, byte[] detailsHash, string credentialJson, HttpContext http, Caller caller, CancellationToken cancellationToken)
    {
        var result = await passkeys.PerformAssertionAsync(new PasskeyAssertionContext
        {
            HttpContext = http,
            CredentialJson = credentialJson,
            AssertionState = BoundChallenge.Restore(ceremony.State, ceremony.PublicId, caller.UserPublicId, detailsHash),
        });
        var accepted = result.Succeeded && result.User.Id == caller.UserId;
        var outcome = await attempts.NoteAsync(db, caller.UserId, accepted, cancellationToken);
        if (accepted && outcome == FactorOutcome.Accepted)
        {
            // Keeps the sign count, by which a cloned authenticator shows.
            await ((IUserPasskeyStore<BankUser>)users).AddOrUpdatePasskeyAsync(result.User!, result.Passkey!, cancellationToken);
        }

        return outcome;
    }
}
