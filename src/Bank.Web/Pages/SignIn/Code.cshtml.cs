using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Second step of signing in: a code of the customer's authenticator app.</summary>
internal sealed class SignInCodeModel(BankingApiClient api, BankCookies cookies) : BankPage(api)
{
    [BindProperty]
    public string? Code { get; set; }

    public IActionResult OnGet() => cookies.GetPendingSignIn(HttpContext) is null ? RedirectToPage("/SignIn/Index") : Page();

    public async Task<IActionResult> OnPostAsync()
    {
        if (cookies.GetPendingSignIn(HttpContext) is not { } pending)
        {
            return RedirectToPage("/SignIn/Index", new { ended = true });
        }

        var code = (Code ?? "").Replace(" ", "", StringComparison.Ordinal);
        if (code.Length != 6 || !code.All(char.IsAsciiDigit))
        {
            ModelState.AddModelError(nameof(Code), "Please enter the six digits.");
            return Page();
        }

        var result = await Api.SignInWithTotpAsync(new TotpSignIn(pending.Ticket, code), HttpContext.RequestAborted);
        if (!result.Succeeded)
        {
            if (result.Problem.Code == ErrorCodes.InvalidCredentials)
            {
                ModelState.AddModelError(nameof(Code), "That code was not accepted. A code works once and for 30 seconds: please use the next one.");
            }
            else
            {
                Refuse(result.Problem);
            }

            return Page();
        }

        cookies.ClearPendingSignIn(HttpContext);
        return await HttpContext.OpenSessionAsync(result.Value)
            ? LocalRedirect(Url.IsLocalUrl(pending.ReturnUrl) ? pending.ReturnUrl : "/")
            : RedirectToPage("/SignIn/Index");
    }
}
