using System.Security.Claims;
using Banking.Client;

namespace Bank.Web.Sessions;

/// <summary>Roles of the bank, as the API names them.</summary>
internal static class Roles
{
    public const string Customer = "customer";
    public const string Teller = "teller";
}

/// <summary>What a page knows about who is signed in. Display only: the API decides every call anew from its own session.</summary>
internal static class SessionClaims
{
    public const string SessionId = "sid";
    public const string UserName = "preferred_username";

    /// <summary>The name under which the ticket keeps the bank's access token, on the server.</summary>
    public const string AccessToken = "access_token";

    public static ClaimsPrincipal Create(SignInResult result, string scheme)
    {
        var identity = new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, result.User.Id),
                new(ClaimTypes.Name, result.User.DisplayName),
                new(UserName, result.User.UserName),
                new(SessionId, result.SessionId),
                .. result.User.Roles.Select(role => new Claim(ClaimTypes.Role, role)),
            ],
            scheme);
        return new ClaimsPrincipal(identity);
    }

    public static string? GetSessionId(this ClaimsPrincipal user) => user.FindFirstValue(SessionId);

    /// <summary>Up to two initials, for the chat's avatar.</summary>
    public static string GetInitials(this ClaimsPrincipal user) =>
        string.Concat((user.Identity?.Name ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part[0]).Take(2)).ToUpperInvariant();
}
