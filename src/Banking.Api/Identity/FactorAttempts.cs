using System.Security.Cryptography;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Identity;

/// <summary>Outcome of checking a one-time code.</summary>
internal enum FactorOutcome
{
    /// <summary>Right, and used up.</summary>
    Accepted,

    /// <summary>Wrong, or used before.</summary>
    Refused,

    /// <summary>Not looked at: too many failures.</summary>
    Locked,
}

/// <summary>Where a user's count of failures stands after one more attempt was noted.</summary>
internal readonly record struct Attempt(bool Locked, bool Answerable, DateTimeOffset? LockedUntil);

/// <summary>
/// Counts consecutive failures of any factor and locks the user for a while (PSD2 RTS article 4(3)(b)).
/// An attempt is counted <em>before</em> the factor is looked at and taken back when it was right: guesses sent side by side count like guesses sent one by one.
/// </summary>
internal sealed class FactorAttempts(ColumnCipher cipher, TimeProvider clock)
{
    public const int FailuresMax = 5;

    // While locked, someone who knows the password is told so. That answer must not become a way to go on guessing, so it is given to this many attempts only.
    private const int AnswersMax = 10;

    public static readonly TimeSpan LockTime = TimeSpan.FromMinutes(15);

    /// <summary>Notes an attempt with a factor that takes time to check; <see cref="TakeBackAsync"/> when it was right.</summary>
    public async Task<Attempt> BeginAsync(BankDbContext db, long userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var lockedUntil = now + LockTime;
        var rows = await db.Database.SqlQuery<AttemptRow>(
            $"""
            with before as (select id, lockout_end, case when lockout_end <= {now} then 0 else access_failed_count end as failures
                              from identity."user" where id = {userId} for update)
            update identity."user" u
               set access_failed_count = before.failures + 1,
                   lockout_end = case when before.lockout_end > {now} then before.lockout_end when before.failures + 1 >= {FailuresMax} then {lockedUntil} end
              from before
             where u.id = before.id
            returning coalesce(before.lockout_end > {now}, false) as "WasLocked", u.access_failed_count as "Failures", u.lockout_end as "LockedUntil"
            """).ToListAsync(cancellationToken);
        return rows is [var row] ? new Attempt(row.WasLocked, row.Failures <= AnswersMax, row.LockedUntil) : default;
    }

    /// <summary>The factor was right, but it was only the first: uncounts this attempt, not the failures before it.</summary>
    public static Task TakeBackAsync(BankDbContext db, long userId, CancellationToken cancellationToken) =>
        db.Set<BankUser>().Where(user => user.Id == userId).ExecuteUpdateAsync(
            set => set
                .SetProperty(user => user.AccessFailedCount, user => user.AccessFailedCount > 0 ? user.AccessFailedCount - 1 : 0)
                .SetProperty(user => user.LockoutEnd, user => user.AccessFailedCount - 1 < FailuresMax ? null : user.LockoutEnd),
            cancellationToken);

    /// <summary>All factors were right: the count begins anew.</summary>
    public static Task ResetAsync(BankDbContext db, long userId, CancellationToken cancellationToken) =>
        db.Set<BankUser>().Where(user => user.Id == userId).ExecuteUpdateAsync(
            set => set.SetProperty(user => user.AccessFailedCount, 0).SetProperty(user => user.LockoutEnd, (DateTimeOffset?)null), cancellationToken);

    /// <summary>Checks a one-time code and notes the outcome, under the user's row lock in the ambient transaction.</summary>
    public async Task<FactorOutcome> CheckTotpAsync(BankDbContext db, long userId, string? code, CancellationToken cancellationToken)
    {
        if (await LockUserAsync(db, userId, cancellationToken) is not { } user)
        {
            return FactorOutcome.Refused;
        }

        var now = clock.GetUtcNow();
        if (user.LockoutEnd > now)
        {
            return FactorOutcome.Locked;
        }

        var step = user.TotpSecretCipher is null ? null : FindStep(user.TotpSecretCipher, code, now, user.TotpLastStep);
        if (step is { } accepted)
        {
            user.TotpLastStep = accepted;
        }

        Count(user, step is not null, now);
        await db.SaveChangesAsync(cancellationToken);
        return step is null ? FactorOutcome.Refused : FactorOutcome.Accepted;
    }

    /// <summary>Notes the outcome of a factor that was checked elsewhere (a passkey), unless the user is locked.</summary>
    public async Task<FactorOutcome> NoteAsync(BankDbContext db, long userId, bool accepted, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (await LockUserAsync(db, userId, cancellationToken) is not { } user)
        {
            return FactorOutcome.Refused;
        }

        if (user.LockoutEnd > now)
        {
            return FactorOutcome.Locked;
        }

        Count(user, accepted, now);
        await db.SaveChangesAsync(cancellationToken);
        return accepted ? FactorOutcome.Accepted : FactorOutcome.Refused;
    }

    /// <summary>The answer to someone who has shown the first factor, or is signed in, while the user is locked.</summary>
    public Problem LockedProblem(DateTimeOffset? until)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(((until ?? clock.GetUtcNow()) - clock.GetUtcNow()).TotalSeconds));
        return new Problem(StatusCodes.Status403Forbidden, ErrorCodes.AccountLocked, "Too many failed attempts. Try again later.")
        {
            Extensions = new Dictionary<string, object?> { ["retryAfter"] = seconds },
            Headers = new Dictionary<string, string> { ["Retry-After"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture) },
        };
    }

    public async Task<DateTimeOffset?> LockedUntilAsync(BankDbContext db, long userId, CancellationToken cancellationToken) =>
        await db.Set<BankUser>().Where(user => user.Id == userId && user.LockoutEnd > clock.GetUtcNow()).Select(user => user.LockoutEnd).SingleOrDefaultAsync(cancellationToken);

    private static void Count(BankUser user, bool accepted, DateTimeOffset now)
    {
        if (accepted)
        {
            user.AccessFailedCount = 0;
            user.LockoutEnd = null;
            return;
        }

        user.AccessFailedCount = user.LockoutEnd is null ? user.AccessFailedCount + 1 : 1;
        user.LockoutEnd = user.AccessFailedCount >= FailuresMax ? now + LockTime : null;
    }

    private static async Task<BankUser?> LockUserAsync(BankDbContext db, long userId, CancellationToken cancellationToken)
    {
        var users = await db.Set<BankUser>().FromSql($"""select * from identity."user" where id = {userId} for update""").AsTracking().ToListAsync(cancellationToken);
        if (users is not [var user])
        {
            return null;
        }

        // A copy read earlier in this unit of work is older than the lock.
        await db.Entry(user).ReloadAsync(cancellationToken);
        return user;
    }

    private long? FindStep(byte[] secretCipher, string? code, DateTimeOffset now, long lastStep)
    {
        var secret = cipher.Decrypt(secretCipher, Totp.SecretPurpose);
        try
        {
            return Totp.FindStep(secret, code, now, lastStep);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private sealed record AttemptRow(bool WasLocked, int Failures, DateTimeOffset? LockedUntil);
}
