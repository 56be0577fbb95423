using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Bank.Web.Sessions;

/// <summary>What a request without a (sufficient) session gets: a page goes to sign-in, a script gets a status.</summary>
internal static class SessionEnd
{
    private static readonly string[] ScriptPaths = ["/chat/session", "/passkeys"];

    /// <summary>Answers in the way the caller understands.</summary>
    public static Task AnswerAsync(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (context.Request.Path.StartsWithSegments("/directline", StringComparison.Ordinal))
        {
            // Web Chat takes 403 for an expired token and stops; after 401 it would go on trying.
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
        }
        else if (ScriptPaths.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }
}
