using Banking.Api.Audit;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Identity;

/// <summary>A user to be made, with a party of the same name.</summary>
/// <param name="UserName">Unique, without regard to case.</param>
/// <param name="DisplayName">The person's name.</param>
/// <param name="Password">Checked by <see cref="PasswordPolicy"/>.</param>
/// <param name="Roles">Of <see cref="Identity.Roles"/>.</param>
/// <param name="TotpSecret">The secret shared with the user's authenticator app (<see cref="Totp.SecretLength"/> bytes).</param>
public sealed record NewUser(string UserName, string DisplayName, string Password, IReadOnlyList<string> Roles, byte[] TotpSecret);

/// <summary>The keys and ids of a user that was made.</summary>
public sealed record CreatedUser(long UserId, Guid UserPublicId, long PartyId, Guid PartyPublicId);

/// <summary>What became of a <see cref="NewUser"/>.</summary>
public abstract record CreateUserOutcome
{
    private CreateUserOutcome()
    {
    }

    /// <summary>The user exists now.</summary>
    public sealed record Created(CreatedUser User) : CreateUserOutcome;

    /// <summary>Somebody else has the name.</summary>
    public sealed record UserNameTaken : CreateUserOutcome;

    /// <summary>The password is not good enough.</summary>
    public sealed record PasswordRefused(PasswordFault Fault) : CreateUserOutcome;
}

/// <summary>Makes users; not reachable over HTTP.</summary>
public interface IIdentityAdmin
{
    /// <summary>Makes a user, their party and their role memberships, in the ambient transaction of <paramref name="db"/> or one of its own.</summary>
    Task<CreateUserOutcome> CreateUserAsync(BankDbContext db, NewUser user, CancellationToken cancellationToken = default);
}

internal sealed class IdentityAdmin(Passwords passwords, ColumnCipher cipher, ILookupNormalizer normalizer, TimeProvider clock) : IIdentityAdmin
{
    public async Task<CreateUserOutcome> CreateUserAsync(BankDbContext db, NewUser user, CancellationToken cancellationToken = default)
    {
        if (user.TotpSecret.Length < 16 || user.Roles.Except(Roles.All, StringComparer.Ordinal).Any() || user.UserName.Length is 0 or > 256)
        {
            throw new ArgumentException("A user has a name, known roles and a TOTP secret of at least 128 bits.", nameof(user));
        }

        if (PasswordPolicy.Check(user.Password, user.UserName) is var fault && fault != PasswordFault.None)
        {
            return new CreateUserOutcome.PasswordRefused(fault);
        }

        var now = clock.GetUtcNow();
        var ambient = db.Database.CurrentTransaction;
        await using var transaction = ambient is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        var normalized = normalizer.NormalizeName(user.UserName);
        if (await db.Users.AnyAsync(row => row.NormalizedUserName == normalized, cancellationToken))
        {
            return new CreateUserOutcome.UserNameTaken();
        }

        var party = new Party { PublicId = PublicId.NewValue(clock), Kind = "person", NameCipher = cipher.Encrypt(user.DisplayName, Party.NamePurpose), CreatedAt = now };
        db.Add(party);
        await db.SaveChangesAsync(cancellationToken);
        var row = new BankUser
        {
            PublicId = PublicId.NewValue(clock),
            PartyId = party.Id,
            UserName = user.UserName,
            NormalizedUserName = normalized,
            LockoutEnabled = true,
            TwoFactorEnabled = true,
            TotpSecretCipher = cipher.Encrypt(user.TotpSecret, Totp.SecretPurpose),
            SecurityStamp = OpaqueToken.Create("").Token,
            CreatedAt = now,
        };
        row.PasswordHash = passwords.Hash(row, user.Password);
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException conflict) when (conflict.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "user_normalized_user_name_key" })
        {
            return new CreateUserOutcome.UserNameTaken();
        }

        foreach (var role in user.Roles)
        {
            db.Add(new IdentityUserRole<long> { UserId = row.Id, RoleId = await RoleKeyAsync(db, role, cancellationToken) });
        }

        var userId = PublicId.Format(PublicId.User, row.PublicId);
        db.Add(AuditEvent.Create(now, "system", null, "user.create", userId, "ok", new Dictionary<string, string> { ["roles"] = string.Join(' ', user.Roles) }));
        await db.SaveChangesAsync(cancellationToken);
        if (transaction is not null)
        {
            await transaction.CommitAsync(cancellationToken);
        }

        return new CreateUserOutcome.Created(new CreatedUser(row.Id, row.PublicId, party.Id, party.PublicId));
    }

    private static async Task<long> RoleKeyAsync(BankDbContext db, string role, CancellationToken cancellationToken) =>
        await db.Roles.Where(row => row.Name == role).Select(row => (long?)row.Id).SingleOrDefaultAsync(cancellationToken)
            ?? throw new InvalidOperationException($"Role '{role}' is missing from the database.");
}
