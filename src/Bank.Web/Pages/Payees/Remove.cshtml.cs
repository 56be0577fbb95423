using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Removes a payee after one question.</summary>
[Authorize(Roles.Customer)]
internal sealed class RemovePayeeModel(BankingApiClient api) : BankPage(api)
{
    [BindProperty(SupportsGet = true)]
    public string Id { get; set; } = "";

    public Payee Payee { get; private set; } = null!;

    public Task<IActionResult> OnGetAsync() => ShowAsync();

    public async Task<IActionResult> OnPostAsync()
    {
        var result = await Api.RemovePayeeAsync(Id, await CallAsync(), HttpContext.RequestAborted);
        if (result.Succeeded)
        {
            TempData["Notice"] = "The payee was removed.";
            return RedirectToPage("/Payees/Index");
        }

        if (result.Problem.Code is ErrorCodes.Unauthenticated or ErrorCodes.NotFound or ErrorCodes.PayeeNotFound)
        {
            return await FailAsync(result.Problem);
        }

        Refuse(result.Problem);
        return await ShowAsync();
    }

    private async Task<IActionResult> ShowAsync()
    {
        var payees = await Api.ListPayeesAsync(await CallAsync(), HttpContext.RequestAborted);
        if (!payees.Succeeded)
        {
            return await FailAsync(payees.Problem);
        }

        if (payees.Value.FirstOrDefault(payee => payee.Id == Id) is not { } found)
        {
            return NotFound();
        }

        Payee = found;
        return Page();
    }
}
