using System.Security.Cryptography;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Drafts a payment to a payee or between own accounts; the approval page takes it from there.</summary>
[Authorize(Roles.Customer)]
internal sealed class PayModel(BankingApiClient api) : BankPage(api)
{
    /// <summary>Makes a second submit of the same form the same draft.</summary>
    [BindProperty]
    public string? Key { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? To { get; set; }

    [BindProperty]
    public string? Amount { get; set; }

    [BindProperty]
    public string? Reference { get; set; }

    public IReadOnlyList<Account> Accounts { get; private set; } = [];

    public IReadOnlyList<Payee> Payees { get; private set; } = [];

    public Task<IActionResult> OnGetAsync()
    {
        ModelState.Clear();
        return ShowAsync();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (string.IsNullOrEmpty(To))
        {
            ModelState.AddModelError(nameof(To), "Please choose who the money goes to.");
        }

        var fault = Money.TryParse(AmountInput.Clean(Amount), "GBP", out var money);
        if (fault is MoneyFault.None && money.MinorUnits <= 0)
        {
            ModelState.AddModelError(nameof(Amount), "The amount must be more than zero.");
        }
        else if (fault is not MoneyFault.None)
        {
            ModelState.AddModelError(nameof(Amount), string.IsNullOrWhiteSpace(Amount) ? "Please enter the amount." : "Please enter an amount such as 25 or 25.50.");
        }

        if (!ModelState.IsValid)
        {
            return await ShowAsync();
        }

        var own = To!.StartsWith(PublicId.Account + "_", StringComparison.Ordinal);
        var request = new CreatePayment(From ?? "", own ? null : To, own ? To : null, money, string.IsNullOrWhiteSpace(Reference) ? null : Reference.Trim());
        var payment = await Api.DraftPaymentAsync(request, await CallAsync(Key), HttpContext.RequestAborted);
        if (payment.Succeeded)
        {
            return RedirectToPage("/Payments/Approve", new { id = payment.Value.Id });
        }

        if (payment.Problem.Code == ErrorCodes.Unauthenticated)
        {
            return await FailAsync(payment.Problem);
        }

        if (payment.Problem.Code != ErrorCodes.Unavailable)
        {
            // A definite no belongs to what was entered; the corrected form is another command.
            Key = null;
        }

        Refuse(payment.Problem);
        return await ShowAsync();
    }

    private async Task<IActionResult> ShowAsync()
    {
        var call = await CallAsync();
        var accounts = await Api.ListAccountsAsync(call, HttpContext.RequestAborted);
        var payees = await Api.ListPayeesAsync(call, HttpContext.RequestAborted);
        if ((accounts.Problem ?? payees.Problem) is { } problem)
        {
            return await FailAsync(problem);
        }

        Accounts = accounts.Value!;
        Payees = [.. payees.Value!.OrderBy(payee => payee.Name, StringComparer.OrdinalIgnoreCase)];
        Key ??= RandomNumberGenerator.GetHexString(32, lowercase: true);
        return Page();
    }
}
