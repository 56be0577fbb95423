using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Identity;

/// <summary>A person or organisation that holds accounts.</summary>
public sealed class Party
{
    /// <summary>What <see cref="NameCipher"/> is encrypted for.</summary>
    public const string NamePurpose = "identity.party.name";

    /// <summary>Key.</summary>
    public long Id { get; set; }

    /// <summary>Public id (<c>pty_</c>).</summary>
    public Guid PublicId { get; set; }

    /// <summary>person or organisation.</summary>
    public required string Kind { get; set; }

    /// <summary>The name, encrypted.</summary>
    public required byte[] NameCipher { get; set; }

    /// <summary>Since when the bank knows them.</summary>
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>A device that a user has signed in from.</summary>
public sealed class Device
{
    /// <summary>Key.</summary>
    public long Id { get; set; }

    /// <summary>Whose.</summary>
    public long UserId { get; set; }

    /// <summary>SHA-256 of the id in the device's cookie.</summary>
    public required byte[] DeviceHash { get; set; }

    /// <summary>First sign-in.</summary>
    public DateTimeOffset FirstSeenAt { get; set; }

    /// <summary>Last sign-in.</summary>
    public DateTimeOffset LastSeenAt { get; set; }
}

/// <summary>A signed-in session. The token itself is not stored.</summary>
public sealed class Session
{
    /// <summary>Key.</summary>
    public long Id { get; set; }

    /// <summary>Public id (<c>ses_</c>).</summary>
    public Guid PublicId { get; set; }

    /// <summary>Whose.</summary>
    public long UserId { get; set; }

    /// <summary>From where.</summary>
    public long? DeviceId { get; set; }

    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; set; }

    /// <summary>How strongly the user signed in (<see cref="Banking.Client.AcrValues"/>).</summary>
    public required string Acr { get; set; }

    /// <summary>The factors used, by RFC 8176.</summary>
    public required string[] Amr { get; set; }

    /// <summary>When the factors were checked.</summary>
    public DateTimeOffset AuthTime { get; set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>The user's last activity, up to <see cref="SessionOptions.TouchInterval"/> late.</summary>
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>The absolute end.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Why it ended.</summary>
    public string? RevokedReason { get; set; }

    /// <summary>The browser, as it calls itself.</summary>
    public string? UserAgent { get; set; }

    /// <summary>Where it was opened from.</summary>
    public string? IpAddress { get; set; }
}

/// <summary>One-time permission for the assistant to act in one conversation.</summary>
public sealed class DelegationGrantRecord
{
    /// <summary>SHA-256 of the grant.</summary>
    public required byte[] GrantHash { get; set; }

    /// <summary>The session that gave it.</summary>
    public long SessionId { get; set; }

    /// <summary>The only conversation it is good for.</summary>
    public required string ConversationId { get; set; }

    /// <summary>When it was given.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it lapses.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it was used.</summary>
    public DateTimeOffset? RedeemedAt { get; set; }
}

/// <summary>The assistant's narrowed token.</summary>
public sealed class DelegatedToken
{
    /// <summary>SHA-256 of the token.</summary>
    public required byte[] TokenHash { get; set; }

    /// <summary>The session it depends on.</summary>
    public long SessionId { get; set; }

    /// <summary>The only conversation it is good for.</summary>
    public required string ConversationId { get; set; }

    /// <summary>The client that acts.</summary>
    public required string Actor { get; set; }

    /// <summary>What it may do.</summary>
    public required string[] Scopes { get; set; }

    /// <summary>When it was issued.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it lapses.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it was replaced or its session ended.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>What stands between the first and the second factor of a sign-in.</summary>
public sealed class SignInTicket
{
    /// <summary>SHA-256 of the ticket.</summary>
    public required byte[] TicketHash { get; set; }

    /// <summary>Whose password was right.</summary>
    public long UserId { get; set; }

    /// <summary>The device that asked, JSON.</summary>
    public required string Device { get; set; }

    /// <summary>When the password was checked.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it lapses.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When a session was opened with it.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>A WebAuthn ceremony under way.</summary>
public sealed class PasskeyCeremony
{
    /// <summary>Id and key.</summary>
    public Guid PublicId { get; set; }

    /// <summary>One of <see cref="CeremonyPurposes"/>.</summary>
    public required string Purpose { get; set; }

    /// <summary>Whose; null while a discoverable sign-in has not named anybody.</summary>
    public long? UserId { get; set; }

    /// <summary>What it approves.</summary>
    public long? AuthorizationId { get; set; }

    /// <summary>The state the answer is checked against, JSON.</summary>
    public required string State { get; set; }

    /// <summary>When it began.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When it lapses.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When an answer was given, whether it was accepted or not.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}

internal sealed class IdentityModel :
    IEntityTypeConfiguration<BankUser>, IEntityTypeConfiguration<IdentityRole<long>>, IEntityTypeConfiguration<IdentityUserRole<long>>,
    IEntityTypeConfiguration<IdentityUserClaim<long>>, IEntityTypeConfiguration<IdentityRoleClaim<long>>, IEntityTypeConfiguration<IdentityUserLogin<long>>,
    IEntityTypeConfiguration<IdentityUserToken<long>>, IEntityTypeConfiguration<IdentityUserPasskey<long>>,
    IEntityTypeConfiguration<Party>, IEntityTypeConfiguration<Device>, IEntityTypeConfiguration<Session>, IEntityTypeConfiguration<DelegationGrantRecord>,
    IEntityTypeConfiguration<DelegatedToken>, IEntityTypeConfiguration<SignInTicket>, IEntityTypeConfiguration<PasskeyCeremony>
{
    private const string Schema = "identity";

    public void Configure(EntityTypeBuilder<BankUser> builder) => builder.ToTable("user", Schema);

    public void Configure(EntityTypeBuilder<IdentityRole<long>> builder) => builder.ToTable("role", Schema);

    public void Configure(EntityTypeBuilder<IdentityUserRole<long>> builder) => builder.ToTable("user_role", Schema);

    public void Configure(EntityTypeBuilder<IdentityUserClaim<long>> builder) => builder.ToTable("user_claim", Schema);

    public void Configure(EntityTypeBuilder<IdentityRoleClaim<long>> builder) => builder.ToTable("role_claim", Schema);

    public void Configure(EntityTypeBuilder<IdentityUserLogin<long>> builder) => builder.ToTable("user_login", Schema);

    public void Configure(EntityTypeBuilder<IdentityUserToken<long>> builder) => builder.ToTable("user_token", Schema);

    public void Configure(EntityTypeBuilder<IdentityUserPasskey<long>> builder)
    {
        builder.ToTable("user_passkey", Schema);
        builder.HasKey(row => row.CredentialId);
        builder.OwnsOne(row => row.Data, data => data.ToJson("data"));
    }

    public void Configure(EntityTypeBuilder<Party> builder) => builder.ToTable("party", Schema);

    public void Configure(EntityTypeBuilder<Device> builder) => builder.ToTable("device", Schema);

    public void Configure(EntityTypeBuilder<Session> builder) => builder.ToTable("session", Schema);

    public void Configure(EntityTypeBuilder<DelegationGrantRecord> builder)
    {
        builder.ToTable("delegation_grant", Schema);
        builder.HasKey(row => row.GrantHash);
    }

    public void Configure(EntityTypeBuilder<DelegatedToken> builder)
    {
        builder.ToTable("delegated_token", Schema);
        builder.HasKey(row => row.TokenHash);
    }

    public void Configure(EntityTypeBuilder<SignInTicket> builder)
    {
        builder.ToTable("sign_in_ticket", Schema);
        builder.HasKey(row => row.TicketHash);
        builder.Property(row => row.Device).HasColumnType("jsonb");
    }

    public void Configure(EntityTypeBuilder<PasskeyCeremony> builder)
    {
        builder.ToTable("passkey_ceremony", Schema);
        builder.HasKey(row => row.PublicId);
        builder.Property(row => row.PublicId).ValueGeneratedNever();
    }
}
