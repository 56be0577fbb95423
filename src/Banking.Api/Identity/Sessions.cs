using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Banking.Api.Identity;

/// <summary>The user's sessions: who am I, which are open, end one or all.</summary>
internal static class Sessions
{
    [NoSessionActivity]
    public static async Task<IResult> GetCurrentAsync(
        Caller caller, BankDbContext db, SessionLifecycle sessions, IOptions<SessionOptions> options, CancellationToken cancellationToken)
    {
        var times = await db.Set<Session>().Where(session => session.Id == caller.SessionKey && session.UserId == caller.UserId)
            .Select(session => new { session.LastSeenAt, session.ExpiresAt }).SingleAsync(cancellationToken);
        var idleEnd = times.LastSeenAt + options.Value.Idle;
        return Results.Ok(new SessionInfo(
            PublicId.Format(PublicId.Session, caller.SessionPublicId),
            await sessions.DescribeUserAsync(caller.UserId, cancellationToken),
            caller.Acr, caller.Amr, caller.AuthTime,
            idleEnd < times.ExpiresAt ? idleEnd : times.ExpiresAt,
            times.ExpiresAt));
    }

    public static async Task<IResult> ListAsync(Caller caller, BankDbContext db, TimeProvider clock, IOptions<SessionOptions> options, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var liveSince = now - options.Value.Idle;
        var rows = await db.Set<Session>().AsNoTracking()
            .Where(session => session.UserId == caller.UserId && session.RevokedAt == null && session.ExpiresAt > now && session.LastSeenAt > liveSince)
            .OrderByDescending(session => session.Id).ToListAsync(cancellationToken);
        return Results.Ok(rows.Select(row => new SessionSummary(
            PublicId.Format(PublicId.Session, row.PublicId), row.Id == caller.SessionKey, row.UserAgent, row.IpAddress, row.CreatedAt, row.LastSeenAt, row.Acr)).ToList());
    }

    public static async Task<IResult> EndCurrentAsync(Caller caller, SessionLifecycle sessions, CancellationToken cancellationToken)
    {
        await sessions.EndAsync([caller.SessionKey], SessionEndReasons.SignedOut, caller, cancellationToken);
        return Results.NoContent();
    }

    public static async Task<IResult> EndOneAsync(string id, Caller caller, BankDbContext db, SessionLifecycle sessions, CancellationToken cancellationToken)
    {
        if (!PublicId.TryParse(id, PublicId.Session, out var publicId))
        {
            return Problem.NotFound();
        }

        var key = await db.Set<Session>().Where(session => session.PublicId == publicId && session.UserId == caller.UserId && session.RevokedAt == null)
            .Select(session => (long?)session.Id).SingleOrDefaultAsync(cancellationToken);
        if (key is null)
        {
            return Problem.NotFound();
        }

        await sessions.EndAsync([key.Value], key == caller.SessionKey ? SessionEndReasons.SignedOut : SessionEndReasons.Revoked, caller, cancellationToken);
        return Results.NoContent();
    }

    public static async Task<IResult> EndAllAsync(Caller caller, BankDbContext db, SessionLifecycle sessions, CancellationToken cancellationToken)
    {
        var keys = await db.Set<Session>().Where(session => session.UserId == caller.UserId && session.RevokedAt == null).Select(session => session.Id).ToListAsync(cancellationToken);
        await sessions.EndAsync(keys, SessionEndReasons.SignedOut, caller, cancellationToken);
        return Results.NoContent();
    }
}
