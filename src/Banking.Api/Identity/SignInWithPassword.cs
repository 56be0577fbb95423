using System.Text.Json;
using Banking.Api.Audit;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Identity;

/// <summary>Sign-in, first step: the password gives a ticket for the second factor, never a session.</summary>
internal static class SignInWithPassword
{
    private static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(5);

    // One answer for every reason: unknown user, wrong password, and a wrong password while locked.
    private static readonly Problem InvalidCredentials = new(StatusCodes.Status401Unauthorized, ErrorCodes.InvalidCredentials, "User name, password or code is wrong.");

    public static async Task<IResult> HandleAsync(
        PasswordSignIn request, BankDbContext db, Passwords passwords, FactorAttempts attempts, ILookupNormalizer normalizer, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (request is not { UserName.Length: > 0 and <= 256, Password: not null } || request.Password.Length > 4 * PasswordPolicy.LengthMax || !SessionLifecycle.IsValid(request.Device))
        {
            return Problem.Invalid(ErrorCodes.ValidationFailed, "A user name, a password and a device are needed.");
        }

        // Unknown users take the same path: the same statements (touching no row), the same hash, an audit row.
        var name = normalizer.NormalizeName(request.UserName);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.NormalizedUserName == name, cancellationToken);
        var attempt = await attempts.BeginAsync(db, user?.Id ?? 0, cancellationToken);
        var verdict = passwords.Verify(user, request.Password);
        var right = verdict != PasswordVerificationResult.Failed && attempt.Answerable;

        var now = clock.GetUtcNow();
        var actor = user is null ? "client:web" : PublicId.Format(PublicId.User, user.PublicId);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (right)
        {
            await FactorAttempts.TakeBackAsync(db, user!.Id, cancellationToken);
        }

        if (!right || attempt.Locked)
        {
            var outcome = !right ? ErrorCodes.InvalidCredentials : ErrorCodes.AccountLocked;
            db.Add(AuditEvent.Create(now, actor, null, "sign_in.password", null, outcome));
            if (user is not null && !right && !attempt.Locked && attempt.LockedUntil is not null)
            {
                db.Add(AuditEvent.Create(now, actor, null, "user.lock", actor, "ok"));
            }

            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return right ? attempts.LockedProblem(attempt.LockedUntil) : InvalidCredentials;
        }

        var (ticket, hash) = OpaqueToken.Create(OpaqueToken.Ticket);
        db.Add(new SignInTicket { TicketHash = hash, UserId = user!.Id, Device = JsonSerializer.Serialize(request.Device, JsonSerializerOptions.Web), CreatedAt = now, ExpiresAt = now + TicketLife });
        db.Add(AuditEvent.Create(now, actor, null, "sign_in.password", null, "ok"));
        await db.SaveChangesAsync(cancellationToken);
        if (verdict == PasswordVerificationResult.SuccessRehashNeeded)
        {
            var renewed = passwords.Hash(user, request.Password);
            await db.Users.Where(row => row.Id == user.Id && row.PasswordHash == user.PasswordHash)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, renewed), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return Results.Ok(new SecondFactorRequired(ticket, ["totp"]));
    }
}
