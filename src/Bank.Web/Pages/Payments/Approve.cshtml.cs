using System.Security.Cryptography;
using Bank.Web.Approvals;
using Bank.Web.Errors;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>
/// The bank's own page on which a payment is approved and sent. Everything it shows comes from the authorization's details, which are what the
/// approval is bound to (PSD2 RTS article 5); the payment row is not consulted for it.
/// </summary>
[Authorize(Roles.Customer)]
internal sealed class ApproveModel(BankingApiClient api, StepUp stepUp) : BankPage(api)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    [BindProperty]
    public string? AuthorizationId { get; set; }

    /// <summary>Makes a second submit of this form the same execution.</summary>
    [BindProperty]
    public string? Key { get; set; }

    [BindProperty]
    public string? Code { get; set; }

    [BindProperty]
    public string? Credential { get; set; }

    public StepUpForm Form { get; private set; } = null!;

    public Task<IActionResult> OnGetAsync()
    {
        ModelState.Clear();
        return ShowAsync(error: null);
    }

    public async Task<IActionResult> OnPostApproveAsync()
    {
        if (AuthorizationId is null || Key is null)
        {
            return BadRequest();
        }

        var approval = await stepUp.ApproveAsync(AuthorizationId, new Factor(Code, Credential), await CallAsync(), HttpContext.RequestAborted);
        if (!approval.Approved)
        {
            return approval.Problem?.Code == ErrorCodes.Unauthenticated ? await FailAsync(approval.Problem) : await ShowAsync(approval.Error);
        }

        var executed = await Api.ExecutePaymentAsync(Id, await CallAsync(Key), HttpContext.RequestAborted);
        if (executed.Succeeded)
        {
            return RedirectToPage("/Payments/Details", new { id = Id });
        }

        return executed.Problem.Code is ErrorCodes.Unauthenticated or ErrorCodes.NotFound
            ? await FailAsync(executed.Problem)
            : await ShowAsync(Explanation.Of(executed.Problem));
    }

    public async Task<IActionResult> OnPostDeclineAsync()
    {
        var call = await CallAsync();
        if (AuthorizationId is not null && (await Api.DeclineAsync(AuthorizationId, call, HttpContext.RequestAborted)).Problem is { Code: ErrorCodes.Unauthenticated } ended)
        {
            return await FailAsync(ended);
        }

        // Declining means the customer does not want this payment; what an assistant prepared should not wait around.
        var cancelled = await Api.CancelPaymentAsync(Id, call, HttpContext.RequestAborted);
        if (cancelled.Problem is { Code: not ErrorCodes.InvalidPaymentState } problem)
        {
            return await FailAsync(problem);
        }

        return RedirectToPage("/Payments/Details", new { id = Id });
    }

    private async Task<IActionResult> ShowAsync(string? error)
    {
        var call = await CallAsync();
        var payment = await Api.GetPaymentAsync(Id, call, HttpContext.RequestAborted);
        if (payment is { Succeeded: true, Value.State: "draft" or "awaiting_approval" } && await FindPendingAsync(payment.Value, call) is null)
        {
            // Opening the page is the request for approval. It moves nothing, may be repeated, and only the customer's own browser can make it
            // (SameSite=Strict); asking for one more click would protect nothing.
            payment = await Api.SubmitPaymentAsync(Id, call, HttpContext.RequestAborted);
        }

        if (!payment.Succeeded)
        {
            if (payment.Problem.Code is ErrorCodes.Unauthenticated or ErrorCodes.NotFound or ErrorCodes.Unavailable or ErrorCodes.Forbidden or ErrorCodes.InternalError)
            {
                return await FailAsync(payment.Problem);
            }

            TempData["Refusal"] = Explanation.Of(payment.Problem);
            return RedirectToPage("/Payments/Details", new { id = Id });
        }

        if (payment.Value.AuthorizationId is not { } authorizationId || payment.Value.State is not ("awaiting_approval" or "approved"))
        {
            return RedirectToPage("/Payments/Details", new { id = Id });
        }

        var authorization = await Api.GetAuthorizationAsync(authorizationId, call, HttpContext.RequestAborted);
        if (!authorization.Succeeded)
        {
            return await FailAsync(authorization.Problem);
        }

        var key = AuthorizationId == authorizationId && Key is not null ? Key : RandomNumberGenerator.GetHexString(32, lowercase: true);
        Form = new StepUpForm(authorization.Value, [new(nameof(Key), key)], error);
        return Page();
    }

    // A live authorization of this payment is shown again rather than replaced, so that a reload does not end what another tab shows.
    private async Task<Authorization?> FindPendingAsync(Payment payment, CallContext call)
    {
        if (payment is not { State: "awaiting_approval", AuthorizationId: { } authorizationId })
        {
            return null;
        }

        var authorization = await Api.GetAuthorizationAsync(authorizationId, call, HttpContext.RequestAborted);
        return authorization is { Succeeded: true, Value.State: "pending" } ? authorization.Value : null;
    }
}
