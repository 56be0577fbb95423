using Bank.Web.Approvals;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>
/// Saves a payee, with step-up. A link from the chat fills the form in; what it brings is text like any other until the customer has looked
/// at it and approved it.
/// </summary>
[Authorize(Roles.Customer)]
internal sealed class AddPayeeModel(BankingApiClient api, StepUp stepUp) : StepUpPage(api, stepUp)
{
    [BindProperty(SupportsGet = true)]
    public string? Name { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Iban { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Conversation { get; set; }

    protected override IReadOnlyList<KeyValuePair<string, string>> Carried =>
        [new(nameof(Name), Name ?? ""), new(nameof(Iban), Iban ?? ""), new(nameof(Conversation), Conversation ?? "")];

    public void OnGet() => ModelState.Clear();

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            ModelState.AddModelError(nameof(Name), "Please enter the name.");
        }

        if (!Banking.Client.Iban.TryNormalize(Iban, out _))
        {
            ModelState.AddModelError(nameof(Iban), "This is not a valid IBAN. Please compare it with what you were given, digit by digit.");
        }

        return ModelState.IsValid ? await SendAsync(CreateAsync, Saved) : Page();
    }

    public Task<IActionResult> OnPostApproveAsync() => ApproveAndSendAsync(CreateAsync, Saved);

    public Task<IActionResult> OnPostDeclineAsync() => DeclineAsync("/Payees/Index");

    private Task<ApiResult<Payee>> CreateAsync(CallContext call, string? authorizationId) => Api.AddPayeeAsync(
        new CreatePayee(
            Name?.Trim() ?? "",
            Banking.Client.Iban.TryNormalize(Iban, out var iban) ? iban : Iban ?? "",
            authorizationId,
            string.IsNullOrWhiteSpace(Conversation) ? null : Conversation),
        call,
        HttpContext.RequestAborted);

    private IActionResult Saved(Payee payee)
    {
        TempData["Notice"] = $"{payee.Name} is saved. You can pay them now.";
        return string.IsNullOrWhiteSpace(Conversation) ? RedirectToPage("/Payees/Index") : RedirectToPage("/Chat");
    }
}
