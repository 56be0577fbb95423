using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>The customer's saved payees.</summary>
[Authorize(Roles.Customer)]
internal sealed class PayeesModel(BankingApiClient api) : BankPage(api)
{
    public IReadOnlyList<Payee> Payees { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        var payees = await Api.ListPayeesAsync(await CallAsync(), HttpContext.RequestAborted);
        if (!payees.Succeeded)
        {
            return await FailAsync(payees.Problem);
        }

        Payees = [.. payees.Value.OrderBy(payee => payee.Name, StringComparer.OrdinalIgnoreCase)];
        return Page();
    }
}
