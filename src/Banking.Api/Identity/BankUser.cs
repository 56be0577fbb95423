using Microsoft.AspNetCore.Identity;

namespace Banking.Api.Identity;

/// <summary>A person who signs in. What they may see and move follows from the party they act for.</summary>
public sealed class BankUser : IdentityUser<long>
{
    /// <summary>The id the outside world knows (<c>usr_</c>).</summary>
    public Guid PublicId { get; set; }

    /// <summary>The party this user acts for.</summary>
    public long PartyId { get; set; }

    /// <summary>TOTP secret (RFC 6238), encrypted for the purpose <c>identity.user.totp</c>; null until enrolled.</summary>
    public byte[]? TotpSecretCipher { get; set; }

    /// <summary>The last 30-second step whose code was accepted: a code, and any older one, works once.</summary>
    public long TotpLastStep { get; set; }

    /// <summary>When the user was created.</summary>
    public DateTimeOffset CreatedAt { get; set; }
}
