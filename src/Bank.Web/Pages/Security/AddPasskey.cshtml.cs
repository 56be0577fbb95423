using Bank.Web.Approvals;
using Banking.Client;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Registers a passkey: the browser makes it, an existing factor approves it.</summary>
internal sealed class AddPasskeyModel(BankingApiClient api, StepUp stepUp) : StepUpPage(api, stepUp)
{
    [BindProperty]
    public string? Name { get; set; }

    [BindProperty]
    public string? CeremonyId { get; set; }

    /// <summary>The browser's answer about the new passkey; public data, checked by the API. (<see cref="StepUpPage.Credential"/> is the approving one.)</summary>
    [BindProperty]
    public string? NewCredential { get; set; }

    protected override IReadOnlyList<KeyValuePair<string, string>> Carried =>
        [new(nameof(Name), Name ?? ""), new(nameof(CeremonyId), CeremonyId ?? ""), new(nameof(NewCredential), NewCredential ?? "")];

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            ModelState.AddModelError(nameof(Name), "Please give it a name.");
        }

        if (string.IsNullOrEmpty(CeremonyId) || string.IsNullOrEmpty(NewCredential))
        {
            ModelState.AddModelError("", "The passkey was not made. Please try again.");
        }

        return ModelState.IsValid ? await SendAsync(RegisterAsync, Saved) : Page();
    }

    public Task<IActionResult> OnPostApproveAsync() => ApproveAndSendAsync(RegisterAsync, Saved);

    public Task<IActionResult> OnPostDeclineAsync() => DeclineAsync("/Security/Index");

    private Task<ApiResult<PasskeySummary>> RegisterAsync(CallContext call, string? authorizationId) => Api.RegisterPasskeyAsync(
        new RegisterPasskey(CeremonyId ?? "", NewCredential ?? "", Name?.Trim() ?? "", authorizationId), call, HttpContext.RequestAborted);

    private IActionResult Saved(PasskeySummary passkey)
    {
        TempData["Notice"] = $"“{passkey.Name}” is ready. You can sign in and approve with it.";
        return RedirectToPage("/Security/Index");
    }
}
