using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Ends the session at the bank and here, with its sockets, at once.</summary>
internal sealed class SignOutModel(BankingApiClient api) : BankPage(api)
{
    public IActionResult OnGet() => User.Identity?.IsAuthenticated == true ? Redirect("/") : Page();

    public async Task<IActionResult> OnPostAsync()
    {
        if (User.Identity?.IsAuthenticated == true)
        {
            // Signed out here in any case. If the bank cannot be reached its session ends by idleness within minutes, and nobody holds its token.
            await Api.SignOutAsync(await CallAsync());
            await HttpContext.SignOutAsync();
        }

        return RedirectToPage();
    }
}
