using Banking.Api.Audit;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Banking.Api.Identity;

/// <summary>The user's session lets the assistant act in one conversation: a grant, for one use, within a minute.</summary>
internal static class CreateGrant
{
    private const int ConversationIdLengthMax = 128;

    private static readonly TimeSpan GrantLife = TimeSpan.FromSeconds(60);

    public static async Task<IResult> HandleAsync(CreateDelegationGrant request, Caller caller, BankDbContext db, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (request is not { ConversationId.Length: > 0 and <= ConversationIdLengthMax } || !request.ConversationId.All(c => c is > ' ' and <= '~'))
        {
            return Problem.Invalid(ErrorCodes.ValidationFailed, "A conversation id has 1 to 128 visible ASCII characters.");
        }

        var now = clock.GetUtcNow();
        var (grant, hash) = OpaqueToken.Create(OpaqueToken.Grant);
        var row = new DelegationGrantRecord { GrantHash = hash, SessionId = caller.SessionKey, ConversationId = request.ConversationId, CreatedAt = now, ExpiresAt = now + GrantLife };
        db.Add(row);
        db.Add(AuditEvent.Create(now, caller, "delegation.grant", PublicId.Format(PublicId.Session, caller.SessionPublicId), "ok",
            new Dictionary<string, string> { ["conversation"] = request.ConversationId }));
        await db.SaveChangesAsync(cancellationToken);
        return Results.Ok(new DelegationGrant(grant, row.ExpiresAt));
    }
}

/// <summary>
/// The token endpoint (RFC 8693): the assistant exchanges a grant, or its current token, for a token of its own. Subject is the customer, actor the
/// assistant; it reads and drafts in one conversation, for minutes, and only while the session behind it lives and is not idle.
/// </summary>
internal sealed class ExchangeToken(BankDbContext db, TimeProvider clock, IOptions<SessionOptions> options)
{
    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(10);

    public static async Task<IResult> HandleAsync(HttpContext http, ExchangeToken operation, CancellationToken cancellationToken)
    {
        // RFC 6749 section 5.1: an answer with a token is not kept by anybody on the way.
        http.Response.Headers.CacheControl = "no-store";
        if (!http.Request.HasFormContentType)
        {
            return Refusal("invalid_request", "The request is a form.");
        }

        var form = await http.Request.ReadFormAsync(cancellationToken);
        return form["grant_type"] != TokenExchange.GrantType
            ? Refusal("unsupported_grant_type", "Only token exchange is offered.")
            : await operation.RunAsync(form["subject_token"].ToString(), form["subject_token_type"].ToString(), cancellationToken);
    }

    private async Task<IResult> RunAsync(string subjectToken, string subjectTokenType, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var (sessionKey, conversationId) = subjectTokenType switch
        {
            TokenExchange.DelegationGrantType => await TakeGrantAsync(subjectToken, now, cancellationToken),
            TokenExchange.AccessTokenType => await TakeTokenAsync(subjectToken, now, cancellationToken),
            _ => (0, null),
        };
        // For share: a session that is just being ended is waited for, one that is not cannot end before the token is there to be revoked with it.
        var sessions = conversationId is null
            ? []
            : await db.Set<Session>().FromSql($"select * from identity.session where id = {sessionKey} and revoked_at is null for share").AsNoTracking().ToListAsync(cancellationToken);
        if (sessions is not [var session] || session.ExpiresAt <= now || session.LastSeenAt + options.Value.Idle <= now)
        {
            db.Add(AuditEvent.Create(now, "client:assistant", null, "delegation.token", null, ErrorCodes.InvalidGrant));
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return Refusal(ErrorCodes.InvalidGrant, "The grant or token is unknown, used or expired, or its session has ended.");
        }

        var (token, hash) = OpaqueToken.Create(OpaqueToken.Delegated);
        var expiresAt = now + TokenLife < session.ExpiresAt ? now + TokenLife : session.ExpiresAt;
        db.Add(new DelegatedToken
        {
            TokenHash = hash,
            SessionId = session.Id,
            ConversationId = conversationId!,
            Actor = ClientAuthentication.Assistant,
            Scopes = Scopes.Assistant,
            CreatedAt = now,
            ExpiresAt = expiresAt,
        });
        var userId = PublicId.Format(PublicId.User, await db.Users.Where(user => user.Id == session.UserId).Select(user => user.PublicId).SingleAsync(cancellationToken));
        var sessionId = PublicId.Format(PublicId.Session, session.PublicId);
        db.Add(AuditEvent.Create(now, "client:assistant", userId, "delegation.token", sessionId, "ok",
            new Dictionary<string, string> { ["conversation"] = conversationId!, ["scopes"] = string.Join(' ', Scopes.Assistant) }));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Results.Ok(new TokenExchangeResult(
            token, TokenExchange.AccessTokenType, "Bearer", (int)(expiresAt - now).TotalSeconds, string.Join(' ', Scopes.Assistant), conversationId!, sessionId, userId));
    }

    private async Task<(long SessionKey, string? ConversationId)> TakeGrantAsync(string grant, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!OpaqueToken.HasForm(grant, OpaqueToken.Grant))
        {
            return (0, null);
        }

        var hash = OpaqueToken.Hash(grant);
        var taken = await db.Set<DelegationGrantRecord>().Where(row => row.GrantHash == hash && row.RedeemedAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RedeemedAt, now), cancellationToken);
        var found = taken == 0 ? null : await db.Set<DelegationGrantRecord>().AsNoTracking().SingleAsync(row => row.GrantHash == hash, cancellationToken);
        return (found?.SessionId ?? 0, found?.ConversationId);
    }

    private async Task<(long SessionKey, string? ConversationId)> TakeTokenAsync(string token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!OpaqueToken.HasForm(token, OpaqueToken.Delegated))
        {
            return (0, null);
        }

        var hash = OpaqueToken.Hash(token);
        var taken = await db.Set<DelegatedToken>().Where(row => row.TokenHash == hash && row.RevokedAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
        var found = taken == 0 ? null : await db.Set<DelegatedToken>().AsNoTracking().SingleAsync(row => row.TokenHash == hash, cancellationToken);
        return (found?.SessionId ?? 0, found?.ConversationId);
    }

    // RFC 6749 section 5.2 wants the member "error"; our own callers match on "code". Both are there.
    private static Problem Refusal(string error, string description) =>
        Problem.Invalid(error, description) with { Extensions = new Dictionary<string, object?> { ["error"] = error, ["error_description"] = description } };
}
