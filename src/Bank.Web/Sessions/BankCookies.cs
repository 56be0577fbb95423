using System.Security.Cryptography;
using System.Text.Json;
using Banking.Client;
using Microsoft.AspNetCore.DataProtection;

namespace Bank.Web.Sessions;

/// <summary>
/// Names and flags of every cookie the bank sets. Outside development each is Secure with the <c>__Host-</c> prefix (RFC 6265bis
/// section 4.1.3.2), so no other host can plant one; all are HttpOnly and SameSite=Strict.
/// </summary>
internal sealed class BankCookies(IHostEnvironment environment, IDataProtectionProvider protection, TimeProvider clock)
{
    private static readonly TimeSpan SignInLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan DeviceLife = TimeSpan.FromDays(365);

    private readonly ITimeLimitedDataProtector _signIn = protection.CreateProtector("Bank.Web.SignIn").ToTimeLimitedDataProtector();

    /// <summary>A cookie's name in this environment.</summary>
    public static string Name(IHostEnvironment environment, string name) => environment.IsDevelopment() ? $"securebank-{name}" : $"__Host-securebank-{name}";

    /// <summary>Remembers, between the password and the second factor, the API's sign-in ticket; encrypted, five minutes.</summary>
    public void SetPendingSignIn(HttpContext context, PendingSignIn pending) =>
        context.Response.Cookies.Append(Name(environment, "signin"), _signIn.Protect(JsonSerializer.Serialize(pending), SignInLife), Options(SignInLife));

    /// <summary>The sign-in that waits for its second factor, or null when there is none (any more).</summary>
    public PendingSignIn? GetPendingSignIn(HttpContext context)
    {
        if (context.Request.Cookies[Name(environment, "signin")] is not { Length: > 0 } value)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<PendingSignIn>(_signIn.Unprotect(value));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Forgets the sign-in that waits.</summary>
    public void ClearPendingSignIn(HttpContext context) => context.Response.Cookies.Delete(Name(environment, "signin"), Options(life: null));

    /// <summary>The device of a sign-in: a random long-lived id, made on the first form post, plus what the connection shows.</summary>
    public DeviceInfo GetDevice(HttpContext context)
    {
        var id = context.Request.Cookies[Name(environment, "device")];
        if (id is not { Length: 32 } || !id.All(char.IsAsciiHexDigitLower))
        {
            id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        }

        context.Response.Cookies.Append(Name(environment, "device"), id, Options(DeviceLife));
        var agent = context.Request.Headers.UserAgent.ToString();
        return new DeviceInfo(id, agent.Length > 256 ? agent[..256] : agent, context.Connection.RemoteIpAddress?.ToString());
    }

    private CookieOptions Options(TimeSpan? life) => new()
    {
        HttpOnly = true,
        Secure = !environment.IsDevelopment(),
        SameSite = SameSiteMode.Strict,
        Path = "/",
        IsEssential = true,
        Expires = life is { } span ? clock.GetUtcNow() + span : null,
    };
}

/// <summary>The password was right; what the second step needs.</summary>
internal sealed record PendingSignIn(string Ticket, string? ReturnUrl);
