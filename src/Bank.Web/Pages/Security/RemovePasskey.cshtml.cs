using Bank.Web.Approvals;
using Banking.Client;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Removes a passkey, with step-up.</summary>
internal sealed class RemovePasskeyModel(BankingApiClient api, StepUp stepUp) : StepUpPage(api, stepUp)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    protected override IReadOnlyList<KeyValuePair<string, string>> Carried => [];

    public Task<IActionResult> OnPostAsync() => SendAsync(RemoveAsync, Removed);

    public Task<IActionResult> OnPostApproveAsync() => ApproveAndSendAsync(RemoveAsync, Removed);

    public Task<IActionResult> OnPostDeclineAsync() => DeclineAsync("/Security/Index");

    private Task<ApiResult<Done>> RemoveAsync(CallContext call, string? authorizationId) => Api.RemovePasskeyAsync(Id, authorizationId, call, HttpContext.RequestAborted);

    private IActionResult Removed(Done done)
    {
        TempData["Notice"] = "The passkey was removed.";
        return RedirectToPage("/Security/Index");
    }
}
