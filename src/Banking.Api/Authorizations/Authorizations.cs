using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Authorizations;

/// <summary>States of an authorization.</summary>
internal static class AuthorizationStates
{
    public const string Pending = "pending";
    public const string Approved = "approved";
    public const string Consumed = "consumed";
    public const string Declined = "declined";
    public const string Expired = "expired";
    public const string Superseded = "superseded";
}

/// <summary>Factors an authorization is approved with.</summary>
internal static class ApprovalMethods
{
    public const string Totp = "totp";
    public const string Passkey = "passkey";
}

internal sealed class AuthorizationService(TimeProvider clock) : IAuthorizations
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    public async Task<AuthorizationRecord> RequestAsync(
        BankDbContext db, Caller caller, string type, JsonObject details, long? subjectId, string? subjectRef, string acrValues, CancellationToken cancellationToken)
    {
        if (caller.Kind != CallerKind.Session)
        {
            throw new InvalidOperationException("Only the user's own session can ask for an authorization.");
        }

        var ambient = db.Database.CurrentTransaction;
        await using var transaction = ambient is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        if (subjectId is { } subject)
        {
            await SupersedeAsync(db, type, subject, cancellationToken);
        }

        var now = clock.GetUtcNow();
        var record = new AuthorizationRecord
        {
            PublicId = PublicId.NewValue(clock),
            UserId = caller.UserId,
            SessionId = caller.SessionKey,
            Type = type,
            SubjectId = subjectId,
            SubjectRef = subjectRef,
            Details = CanonicalJson.Write(details),
            DetailsHash = CanonicalJson.Hash(details),
            AcrValues = await AttainableAsync(db, caller.UserId, acrValues, cancellationToken),
            State = AuthorizationStates.Pending,
            CreatedAt = now,
            ExpiresAt = now + Life,
        };
        db.Add(record);
        db.Add(AuditEvent.Create(now, caller, "authorization.request", record.WireId(), "ok", record.AuditDetails()));
        await db.SaveChangesAsync(cancellationToken);
        if (transaction is not null)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return record;
    }

    public async Task<Problem?> ConsumeAsync(BankDbContext db, Caller caller, string type, JsonObject details, string authorizationId, CancellationToken cancellationToken)
    {
        if (!PublicId.TryParse(authorizationId, PublicId.Authorization, out var publicId))
        {
            return Problem.NotFound("There is no such authorization.");
        }

        // One statement decides: of any number of callers side by side, one changes the row.
        var now = clock.GetUtcNow();
        var hash = CanonicalJson.Hash(details);
        var consumed = await db.Set<AuthorizationRecord>()
            .Where(row => row.PublicId == publicId && row.UserId == caller.UserId && row.SessionId == caller.SessionKey && row.Type == type
                && row.DetailsHash == hash && row.State == AuthorizationStates.Approved && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AuthorizationStates.Consumed).SetProperty(row => row.ConsumedAt, now), cancellationToken);
        if (consumed == 1)
        {
            return null;
        }

        var record = await db.Set<AuthorizationRecord>().AsNoTracking()
            .SingleOrDefaultAsync(row => row.PublicId == publicId && row.UserId == caller.UserId && row.SessionId == caller.SessionKey && row.Type == type, cancellationToken);
        return record is null ? Problem.NotFound("There is no such authorization.")
            : record.State == AuthorizationStates.Consumed ? Used()
            : !record.DetailsHash.AsSpan().SequenceEqual(hash) ? SubjectChanged()
            : record.State == AuthorizationStates.Pending && record.ExpiresAt > now ? Challenge(record)
            : EndedProblem(record, now) ?? Challenge(record);
    }

    public async Task SupersedeAsync(BankDbContext db, string type, long subjectId, CancellationToken cancellationToken) =>
        await db.Set<AuthorizationRecord>()
            .Where(row => row.Type == type && row.SubjectId == subjectId && (row.State == AuthorizationStates.Pending || row.State == AuthorizationStates.Approved))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AuthorizationStates.Superseded), cancellationToken);

    public Problem Challenge(AuthorizationRecord authorization) =>
        new(StatusCodes.Status401Unauthorized, ErrorCodes.InsufficientUserAuthentication, "This operation needs your approval.")
        {
            Headers = new Dictionary<string, string>
            {
                // RFC 9470 section 3.
                ["WWW-Authenticate"] = "Bearer error=\"insufficient_user_authentication\", error_description=\"The operation needs the user's approval\", "
                    + $"acr_values=\"{authorization.AcrValues}\", max_age={(int)Life.TotalSeconds}",
            },
            Extensions = new Dictionary<string, object?>
            {
                ["authorizationId"] = authorization.WireId(),
                ["authorizationType"] = authorization.Type,
                ["acrValues"] = authorization.AcrValues,
            },
        };

    /// <summary>Why an authorization cannot be approved or used any more; null while it can.</summary>
    public static Problem? EndedProblem(AuthorizationRecord record, DateTimeOffset now) => record.State switch
    {
        AuthorizationStates.Consumed => Used(),
        AuthorizationStates.Expired => Expired(),
        AuthorizationStates.Declined or AuthorizationStates.Superseded =>
            Problem.Conflict(ErrorCodes.AuthorizationNotPending, "This authorization was declined or replaced by a newer one."),
        _ => record.ExpiresAt <= now ? Expired() : null,
    };

    public static Problem Used() => Problem.Conflict(ErrorCodes.AuthorizationUsed, "This authorization was used already.");

    public static Problem SubjectChanged() =>
        Problem.Unprocessable(ErrorCodes.AuthorizationSubjectChanged, "What was to be approved has changed. Check it and ask for approval again.");

    private static Problem Expired() => Problem.Conflict(ErrorCodes.AuthorizationExpired, "This authorization is too old. Ask for a new one.");

    // A factor the user does not have cannot be asked for; refusing them their money would be the only alternative.
    private static async Task<string> AttainableAsync(BankDbContext db, long userId, string acrValues, CancellationToken cancellationToken) =>
        acrValues.Split(' ').Contains(AcrValues.Mfa) || await db.UserPasskeys.AnyAsync(row => row.UserId == userId, cancellationToken) ? acrValues : AcrValues.Any;
}

/// <summary>An authorization as others see it.</summary>
internal static class AuthorizationWire
{
    public static string WireId(this AuthorizationRecord record) => PublicId.Format(PublicId.Authorization, record.PublicId);

    public static Dictionary<string, string> AuditDetails(this AuthorizationRecord record, string? method = null)
    {
        var details = new Dictionary<string, string>(StringComparer.Ordinal) { ["type"] = record.Type, ["hash"] = Base64Url.EncodeToString(record.DetailsHash) };
        if (record.SubjectRef is not null)
        {
            details["subject"] = record.SubjectRef;
        }

        if (method is not null)
        {
            details["method"] = method;
        }

        return details;
    }

    public static bool Accepts(this AuthorizationRecord record, string method) =>
        record.AcrValues.Split(' ').Contains(method == ApprovalMethods.Passkey ? AcrValues.Passkey : AcrValues.Mfa);

    public static Authorization ToWire(this AuthorizationRecord record, bool hasPasskey, DateTimeOffset now)
    {
        using var details = JsonDocument.Parse(record.Details);
        string[] methods = [.. (hasPasskey && record.Accepts(ApprovalMethods.Passkey) ? new[] { ApprovalMethods.Passkey } : []), .. (record.Accepts(ApprovalMethods.Totp) ? new[] { ApprovalMethods.Totp } : [])];
        var live = record.State is AuthorizationStates.Pending or AuthorizationStates.Approved;
        return new Authorization(
            record.WireId(),
            record.Type,
            live && record.ExpiresAt <= now ? AuthorizationStates.Expired : record.State,
            details.RootElement.Clone(),
            Base64Url.EncodeToString(record.DetailsHash),
            record.AcrValues,
            methods,
            record.ExpiresAt,
            record.SubjectRef);
    }
}
