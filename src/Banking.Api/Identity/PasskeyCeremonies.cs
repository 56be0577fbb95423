using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Banking.Api.Identity;

/// <summary>What a WebAuthn ceremony is for.</summary>
public static class CeremonyPurposes
{
    /// <summary>Signing in with any passkey.</summary>
    public const string SignIn = "sign_in";

    /// <summary>Making a new passkey.</summary>
    public const string Registration = "registration";

    /// <summary>Approving one authorization.</summary>
    public const string Authorization = "authorization";
}

/// <summary>Which pages passkeys are made and used on; section <c>Passkeys</c>.</summary>
public sealed class PasskeyOptionsSection
{
    /// <summary>The relying party id: the registrable domain of the bank's pages. <c>localhost</c> in development (an IP address is no domain).</summary>
    public string RelyingPartyId { get; set; } = "";

    /// <summary>The exact origins of the pages, with scheme and port.</summary>
    public IList<string> Origins { get; } = [];
}

/// <summary>Sets Identity's passkey handling to what a bank needs.</summary>
internal sealed class PasskeySettings(IOptions<PasskeyOptionsSection> section) : IConfigureOptions<IdentityPasskeyOptions>
{
    public void Configure(IdentityPasskeyOptions options)
    {
        var settings = section.Value;
        if (settings.RelyingPartyId.Length == 0 || settings.Origins.Count == 0)
        {
            throw new InvalidOperationException("Settings 'Passkeys:RelyingPartyId' and 'Passkeys:Origins' are missing.");
        }

        var origins = settings.Origins.ToHashSet(StringComparer.Ordinal);
        options.ServerDomain = settings.RelyingPartyId;
        // PIN, fingerprint or face every time: possession alone is one factor.
        options.UserVerificationRequirement = "required";
        options.ResidentKeyRequirement = "required";
        // Nothing is decided by the make of the authenticator, so its attestation is not asked for.
        options.AttestationConveyancePreference = "none";
        options.ValidateOrigin = context =>
        {
            var forwarded = context.HttpContext.Request.Headers.Origin.ToString();
            return ValueTask.FromResult(!context.CrossOrigin && origins.Contains(context.Origin) && (forwarded.Length == 0 || forwarded == context.Origin));
        };
    }
}

/// <summary>Ceremonies under way, kept on our side, each answered once.</summary>
internal sealed class PasskeyCeremonies(BankDbContext db, TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    /// <summary>Remembers a ceremony; gives its id.</summary>
    public async Task<string> BeginAsync(string purpose, long? userId, string state, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var ceremony = new PasskeyCeremony { PublicId = PublicId.NewValue(clock), Purpose = purpose, UserId = userId, State = state, CreatedAt = now, ExpiresAt = now + Life };
        db.Add(ceremony);
        await db.SaveChangesAsync(cancellationToken);
        return ceremony.PublicId.ToString("N");
    }

    /// <summary>The state of a live ceremony, without using it up.</summary>
    public async Task<string?> PeekAsync(string? ceremonyId, string purpose, long? userId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return Guid.TryParseExact(ceremonyId, "N", out var id)
            ? await db.Set<PasskeyCeremony>().Where(row => row.PublicId == id && row.Purpose == purpose && row.UserId == userId && row.UsedAt == null && row.ExpiresAt > now)
                .Select(row => row.State).SingleOrDefaultAsync(cancellationToken)
            : null;
    }

    /// <summary>Uses a ceremony up, whatever its answer turns out to be; null when it is not live. One of any number of callers gets it.</summary>
    public async Task<string?> TakeAsync(string? ceremonyId, string purpose, long? userId, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(ceremonyId, "N", out var id))
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var taken = await db.Set<PasskeyCeremony>()
            .Where(row => row.PublicId == id && row.Purpose == purpose && row.UserId == userId && row.UsedAt == null && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), cancellationToken);
        return taken == 0 ? null : await db.Set<PasskeyCeremony>().Where(row => row.PublicId == id).Select(row => row.State).SingleAsync(cancellationToken);
    }
}
