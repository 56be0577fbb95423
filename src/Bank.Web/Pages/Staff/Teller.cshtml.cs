using System.Security.Cryptography;
using Bank.Web.Approvals;
using Bank.Web.Display;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>The counter: deposits and withdrawals, each approved by the teller's own second factor.</summary>
[Authorize(Roles.Teller)]
internal sealed class TellerModel(BankingApiClient api, StepUp stepUp) : StepUpPage(api, stepUp)
{
    [BindProperty]
    public string? Key { get; set; }

    [BindProperty]
    public string Movement { get; set; } = "deposit";

    [BindProperty]
    public string? Iban { get; set; }

    [BindProperty]
    public string? Amount { get; set; }

    [BindProperty]
    public string? Note { get; set; }

    public TellerAccount? Holder { get; private set; }

    public string? Receipt { get; private set; }

    public bool Withdrawal => Movement == "withdrawal";

    protected override IReadOnlyList<KeyValuePair<string, string>> Carried =>
        [new(nameof(Key), Key ?? ""), new(nameof(Movement), Movement), new(nameof(Iban), Iban ?? ""), new(nameof(Amount), Amount ?? ""), new(nameof(Note), Note ?? "")];

    public void OnGet()
    {
        Receipt = TempData["Receipt"] as string;
        Key = NewKey();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!Banking.Client.Iban.TryNormalize(Iban, out var iban))
        {
            ModelState.AddModelError(nameof(Iban), "This is not a valid IBAN.");
        }

        if (Money.TryParse(AmountInput.Clean(Amount), "GBP", out var money) is not MoneyFault.None || money.MinorUnits <= 0)
        {
            ModelState.AddModelError(nameof(Amount), "Please enter an amount such as 25 or 25.50.");
        }

        if (!ModelState.IsValid)
        {
            return Page();
        }

        var holder = await Api.GetTellerAccountAsync(iban, await CallAsync(), HttpContext.RequestAborted);
        if (!holder.Succeeded)
        {
            if (holder.Problem.Code == ErrorCodes.Unauthenticated)
            {
                return await FailAsync(holder.Problem);
            }

            ModelState.AddModelError(nameof(Iban), holder.Problem.Code is ErrorCodes.NotFound or ErrorCodes.AccountNotFound ? "There is no such account at this bank." : Errors.Explanation.Of(holder.Problem));
            return Page();
        }

        Holder = holder.Value;
        Key ??= NewKey();
        return await SendAsync(PostAsync, Posted, idempotencyKey: Key);
    }

    public Task<IActionResult> OnPostApproveAsync() => ApproveAndSendAsync(PostAsync, Posted, Key);

    public Task<IActionResult> OnPostDeclineAsync() => DeclineAsync("/Staff/Teller");

    private static string NewKey() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    private Task<ApiResult<CashReceipt>> PostAsync(CallContext call, string? authorizationId)
    {
        _ = Banking.Client.Iban.TryNormalize(Iban, out var iban);
        _ = Money.TryParse(AmountInput.Clean(Amount), "GBP", out var money);
        var request = new CashMovement(iban, money, string.IsNullOrWhiteSpace(Note) ? null : Note.Trim(), authorizationId);
        // The first call only asks what is to be approved; the key belongs to the one that posts.
        var keyed = authorizationId is null ? call with { IdempotencyKey = NewKey() } : call;
        return Withdrawal ? Api.WithdrawCashAsync(request, keyed, HttpContext.RequestAborted) : Api.DepositCashAsync(request, keyed, HttpContext.RequestAborted);
    }

    private IActionResult Posted(CashReceipt receipt)
    {
        TempData["Receipt"] = $"{(Withdrawal ? "Paid out" : "Paid in")}: {Format.Amount(receipt.Amount)}, account {Banking.Client.Iban.Print(receipt.AccountIban)}. Entry {receipt.JournalEntryId}.";
        return RedirectToPage();
    }
}
