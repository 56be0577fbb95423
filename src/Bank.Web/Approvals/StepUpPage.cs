using Bank.Web.Errors;
using Bank.Web.Pages;
using Banking.Client;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Approvals;

/// <summary>
/// A page whose command the bank wants approved. First post: the command without approval, answered with the RFC 9470 challenge, for which
/// the page shows the step-up form. Second post: the approval, then the same command again. All fields travel along, so nothing is lost on the way.
/// </summary>
internal abstract class StepUpPage(BankingApiClient api, StepUp stepUp) : BankPage(api)
{
    // After these there is nothing left to approve: the customer starts from the form, which still holds what they entered.
    private static readonly string[] Over =
        [ErrorCodes.AuthorizationExpired, ErrorCodes.AuthorizationUsed, ErrorCodes.AuthorizationNotPending, ErrorCodes.AuthorizationSubjectChanged, ErrorCodes.NotFound];

    /// <summary>The authorization a posted step-up form is about.</summary>
    [BindProperty]
    public string? AuthorizationId { get; set; }

    /// <summary>The code, when that is the factor.</summary>
    [BindProperty]
    public string? Code { get; set; }

    /// <summary>The browser's passkey answer, when that is the factor.</summary>
    [BindProperty]
    public string? Credential { get; set; }

    /// <summary>What to approve now; null while the customer fills in the command's own form.</summary>
    public StepUpForm? Form { get; private set; }

    /// <summary>The command's fields, to be carried through the step-up form.</summary>
    protected abstract IReadOnlyList<KeyValuePair<string, string>> Carried { get; }

    /// <summary>Sends the command, without or with an approved authorization.</summary>
    protected async Task<IActionResult> SendAsync<T>(Func<CallContext, string?, Task<ApiResult<T>>> command, Func<T, IActionResult> done, string? authorizationId = null, string? idempotencyKey = null)
    {
        var result = await command(await CallAsync(idempotencyKey), authorizationId);
        if (result.Succeeded)
        {
            return done(result.Value);
        }

        switch (result.Problem.Code)
        {
            case ErrorCodes.Unauthenticated:
                return await FailAsync(result.Problem);
            case ErrorCodes.InsufficientUserAuthentication when result.Problem.Text("authorizationId") is { } asked:
                return await ShowAsync(asked, error: null);
            case ErrorCodes.Unavailable when authorizationId is not null:
                // Approved, but the command's answer did not arrive: the same button repeats it.
                return await ShowAsync(authorizationId, Explanation.Of(result.Problem));
            default:
                Refuse(result.Problem);
                return Page();
        }
    }

    /// <summary>Approves with the posted factor, then sends the command with that approval.</summary>
    protected async Task<IActionResult> ApproveAndSendAsync<T>(Func<CallContext, string?, Task<ApiResult<T>>> command, Func<T, IActionResult> done, string? idempotencyKey = null)
    {
        if (AuthorizationId is null)
        {
            return BadRequest();
        }

        var approval = await stepUp.ApproveAsync(AuthorizationId, new Factor(Code, Credential), await CallAsync(), HttpContext.RequestAborted);
        if (approval.Approved)
        {
            return await SendAsync(command, done, AuthorizationId, idempotencyKey);
        }

        if (approval.Problem?.Code == ErrorCodes.Unauthenticated)
        {
            return await FailAsync(approval.Problem);
        }

        if (approval.Problem is { } problem && Over.Contains(problem.Code, StringComparer.Ordinal))
        {
            ModelState.AddModelError("", approval.Error!);
            return Page();
        }

        return await ShowAsync(AuthorizationId, approval.Error);
    }

    /// <summary>The customer said no: nobody can approve it any more.</summary>
    protected async Task<IActionResult> DeclineAsync(string page)
    {
        if (AuthorizationId is not null)
        {
            var result = await Api.DeclineAsync(AuthorizationId, await CallAsync(), HttpContext.RequestAborted);
            if (result.Problem is { Code: ErrorCodes.Unauthenticated or ErrorCodes.Unavailable } problem)
            {
                return await FailAsync(problem);
            }
        }

        TempData["Notice"] = "You declined. Nothing was changed.";
        return RedirectToPage(page);
    }

    private async Task<IActionResult> ShowAsync(string authorizationId, string? error)
    {
        var authorization = await Api.GetAuthorizationAsync(authorizationId, await CallAsync(), HttpContext.RequestAborted);
        if (!authorization.Succeeded)
        {
            return await FailAsync(authorization.Problem);
        }

        Form = new StepUpForm(authorization.Value, Carried, error);
        return Page();
    }
}
