using Bank.Web.Errors;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Bank.Web.Pages;

/// <summary>What the pages share: calls on behalf of the signed-in session, and what to do with a refusal.</summary>
internal abstract class BankPage(BankingApiClient api) : PageModel
{
    /// <summary>The bank.</summary>
    protected BankingApiClient Api { get; } = api;

    /// <summary>A call on behalf of this session.</summary>
    protected Task<CallContext> CallAsync(string? idempotencyKey = null) => HttpContext.GetCallAsync(idempotencyKey);

    /// <summary>The page cannot be shown: ends an ended session here too, or shows the error page that fits.</summary>
    protected async Task<IActionResult> FailAsync(ApiProblem problem) => problem.Code switch
    {
        ErrorCodes.Unauthenticated => await EndAsync(),
        ErrorCodes.NotFound or ErrorCodes.AccountNotFound or ErrorCodes.PayeeNotFound => NotFound(),
        ErrorCodes.Forbidden => StatusCode(StatusCodes.Status403Forbidden),
        ErrorCodes.TooManyRequests => StatusCode(StatusCodes.Status429TooManyRequests),
        ErrorCodes.Unavailable => StatusCode(StatusCodes.Status503ServiceUnavailable),
        _ => StatusCode(StatusCodes.Status500InternalServerError),
    };

    /// <summary>A command was refused: the form comes back as it was, with the reason at its field. Null when the session has ended (see <see cref="FailAsync"/>).</summary>
    protected void Refuse(ApiProblem problem)
    {
        var field = Explanation.FieldOf(problem);
        ModelState.AddModelError(GetType().GetProperty(field) is null ? "" : field, Explanation.Of(problem));
    }

    private async Task<IActionResult> EndAsync()
    {
        await HttpContext.SignOutAsync();
        // Back to where they were, but never by repeating a command.
        var returnUrl = $"{Request.PathBase}{Request.Path}{(HttpMethods.IsGet(Request.Method) ? Request.QueryString : QueryString.Empty)}";
        return RedirectToPage("/SignIn/Index", new { ended = true, returnUrl });
    }
}

/// <summary>The session's token, from the ticket on the server.</summary>
internal static class CallContexts
{
    /// <summary>A call on behalf of the signed-in session; the origin goes along for passkeys.</summary>
    public static async Task<CallContext> GetCallAsync(this HttpContext context, string? idempotencyKey = null) => new()
    {
        AccessToken = await context.GetTokenAsync(SessionClaims.AccessToken),
        IdempotencyKey = idempotencyKey,
        Origin = context.Request.Headers.Origin is [{ Length: > 0 } origin] ? origin : null,
    };
}
