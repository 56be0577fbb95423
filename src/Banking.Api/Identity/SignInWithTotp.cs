using System.Text.Json;
using Banking.Api.Audit;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Identity;

/// <summary>Sign-in, second step: a one-time code turns the ticket into a session.</summary>
internal static class SignInWithTotp
{
    public static async Task<IResult> HandleAsync(
        TotpSignIn request, BankDbContext db, FactorAttempts attempts, SessionLifecycle sessions, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!OpaqueToken.HasForm(request.Ticket, OpaqueToken.Ticket))
        {
            return Expired();
        }

        var hash = OpaqueToken.Hash(request.Ticket);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var tickets = await db.Set<SignInTicket>()
            .FromSql($"select * from identity.sign_in_ticket where ticket_hash = {hash} and used_at is null and expires_at > {now} for update")
            .AsTracking().ToListAsync(cancellationToken);
        if (tickets is not [var ticket])
        {
            return Expired();
        }

        var outcome = await attempts.CheckTotpAsync(db, ticket.UserId, request.Code, cancellationToken);
        var user = await db.Users.SingleAsync(row => row.Id == ticket.UserId, cancellationToken);
        var actor = PublicId.Format(PublicId.User, user.PublicId);
        if (outcome == FactorOutcome.Accepted)
        {
            ticket.UsedAt = now;
            db.Add(AuditEvent.Create(now, actor, null, "sign_in.totp", null, "ok"));
            var device = JsonSerializer.Deserialize<DeviceInfo>(ticket.Device, JsonSerializerOptions.Web)!;
            var result = await sessions.OpenAsync(user, device, AcrValues.Mfa, ["pwd", "otp", "mfa"], cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return Results.Ok(result);
        }

        var code = outcome == FactorOutcome.Locked ? ErrorCodes.AccountLocked : ErrorCodes.InvalidCredentials;
        db.Add(AuditEvent.Create(now, actor, null, "sign_in.totp", null, code));
        if (outcome == FactorOutcome.Refused && user.LockoutEnd > now)
        {
            db.Add(AuditEvent.Create(now, actor, null, "user.lock", actor, "ok"));
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return outcome == FactorOutcome.Locked
            ? attempts.LockedProblem(user.LockoutEnd)
            : new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.InvalidCredentials, "The code is wrong, too old or was used already.");
    }

    private static Problem Expired() => new(StatusCodes.Status401Unauthorized, ErrorCodes.SignInExpired, "This sign-in has ended. Start again.");
}
