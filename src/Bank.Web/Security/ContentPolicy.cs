using System.Security.Cryptography;

namespace Bank.Web.Security;

/// <summary>Marks the one page that runs Microsoft's Web Chat and therefore needs the wider policy.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ChatPageAttribute : Attribute;

/// <summary>
/// Response headers of every page. Scripts run only with this response's nonce, so a sign-in, approval or credential page cannot
/// be made to load the chat's third-party script even though this origin serves it.
/// </summary>
internal static class ContentPolicy
{
    private static readonly object NonceKey = new();

    // The hash is that of an empty style element, which Web Chat inserts before it knows the nonce.
    private const string EmptyStyle = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

    /// <summary>The nonce of this response.</summary>
    public static string GetNonce(this HttpContext context)
    {
        if (context.Items[NonceKey] is not string nonce)
        {
            context.Items[NonceKey] = nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        }

        return nonce;
    }

    /// <summary>Adds the headers that are the same for everything. Runs first.</summary>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // Not no-referrer: with it browsers send "Origin: null" on form posts, and passkeys are checked against that origin.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";
        return next(context);
    });

    /// <summary>Adds what depends on the page; everything that gets here is personal and is never stored. Runs after routing, which has answered for files already.</summary>
    public static IApplicationBuilder UseContentPolicy(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy(context.GetNonce(), context.GetEndpoint()?.Metadata.GetMetadata<ChatPageAttribute>() is not null);
        headers.CacheControl = "no-cache, no-store";
        headers.Pragma = "no-cache";
        return next(context);
    });

    private static string Policy(string nonce, bool chat) =>
        $"default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; connect-src 'self'; script-src 'nonce-{nonce}'; "
        + (chat
            ? $"style-src 'self' 'nonce-{nonce}' {EmptyStyle}; img-src 'self' blob: data:"
            : "style-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'; trusted-types 'none'");
}
