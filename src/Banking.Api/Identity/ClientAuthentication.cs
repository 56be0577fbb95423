using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Banking.Api.Identity;

/// <summary>
/// Authenticates our own processes by their client credential (<c>Clients:web:Secret</c>, <c>Clients:assistant:Secret</c>)
/// on a header beside the customer's token. Alone it opens no customer data.
/// </summary>
internal sealed class ClientAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ClientSecrets secrets)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string Web = "web";
    public const string Assistant = "assistant";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers[ApiHeaders.ClientAuthorization].ToString();
        if (header.Length == 0)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        if (secrets.Authenticate(header) is not { } client)
        {
            return Task.FromResult(AuthenticateResult.Fail("The client credential is wrong."));
        }

        var identity = new ClaimsIdentity([new Claim("client", client)], AuthenticationSchemes.Client, "client", "role");
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), AuthenticationSchemes.Client)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthenticated, "A client credential is needed.").ExecuteAsync(Context);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        new Problem(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, "This client may not do this.").ExecuteAsync(Context);
}

/// <summary>The secrets of our processes, kept as SHA-256; they are long and random, so a plain hash is enough.</summary>
internal sealed class ClientSecrets
{
    private const int LengthMin = 32;

    private readonly Dictionary<string, byte[]> _hashes = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">A secret is missing or too short.</exception>
    public ClientSecrets(IConfiguration configuration)
    {
        foreach (var client in (string[])[ClientAuthentication.Web, ClientAuthentication.Assistant])
        {
            var secret = configuration[$"Clients:{client}:Secret"];
            _hashes[client] = secret is { Length: >= LengthMin }
                ? SHA256.HashData(Encoding.UTF8.GetBytes(secret))
                : throw new InvalidOperationException($"Setting 'Clients:{client}:Secret' is missing or shorter than {LengthMin} characters.");
        }
    }

    /// <summary>The client whose credential (<c>Basic base64(id:secret)</c>) this is, or null.</summary>
    public string? Authenticate(string header)
    {
        const string basic = "Basic ";
        if (header.Length > 512 || !header.StartsWith(basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[basic.Length..], bytes, out var length) || Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is not [var id, var secret])
        {
            return null;
        }

        return _hashes.TryGetValue(id, out var hash) && CryptographicOperations.FixedTimeEquals(hash, SHA256.HashData(Encoding.UTF8.GetBytes(secret))) ? id : null;
    }
}
