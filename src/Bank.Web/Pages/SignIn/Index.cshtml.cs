using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>First step of signing in: the password, or a passkey, which is all that is needed.</summary>
internal sealed class SignInModel(BankingApiClient api, BankCookies cookies) : BankPage(api)
{
    [BindProperty]
    public string? UserName { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? ReturnUrl { get; set; }

    [BindProperty(SupportsGet = true)]
    public bool Ended { get; set; }

    public IActionResult OnGet() => User.Identity?.IsAuthenticated == true ? Redirect("/") : Page();

    public async Task<IActionResult> OnPostPasswordAsync()
    {
        if (string.IsNullOrWhiteSpace(UserName))
        {
            ModelState.AddModelError(nameof(UserName), "Please enter your user name.");
        }

        if (string.IsNullOrEmpty(Password))
        {
            ModelState.AddModelError(nameof(Password), "Please enter your password.");
        }

        if (!ModelState.IsValid)
        {
            return Page();
        }

        var result = await Api.SignInWithPasswordAsync(new PasswordSignIn(UserName!.Trim(), Password!, cookies.GetDevice(HttpContext)), HttpContext.RequestAborted);
        if (!result.Succeeded)
        {
            Refuse(result.Problem);
            return Page();
        }

        cookies.SetPendingSignIn(HttpContext, new PendingSignIn(result.Value.Ticket, LocalOrNull(ReturnUrl)));
        return RedirectToPage("/SignIn/Code");
    }

    public async Task<IActionResult> OnPostPasskeyAsync(string? ceremonyId, string? credential)
    {
        if (string.IsNullOrEmpty(ceremonyId) || string.IsNullOrEmpty(credential))
        {
            ModelState.AddModelError("", "The passkey was not used. Please try again.");
            return Page();
        }

        var result = await Api.SignInWithPasskeyAsync(new PasskeySignIn(ceremonyId, credential, cookies.GetDevice(HttpContext)), await CallAsync(), HttpContext.RequestAborted);
        if (!result.Succeeded)
        {
            Refuse(result.Problem);
            return Page();
        }

        return await HttpContext.OpenSessionAsync(result.Value) ? LocalRedirect(LocalOrNull(ReturnUrl) ?? "/") : RedirectToPage();
    }

    private string? LocalOrNull(string? url) => Url.IsLocalUrl(url) ? url : null;
}

/// <summary>Opening a session of the pages.</summary>
internal static class SignInExtensions
{
    /// <summary>
    /// Keeps the bank's answer on the server and gives the browser a new key to it. False, with everything signed out, when this browser
    /// was signed in already: a session is opened in a clean browser only, never laid over another one.
    /// </summary>
    public static async Task<bool> OpenSessionAsync(this HttpContext context, Banking.Client.SignInResult result)
    {
        if (context.User.Identity?.IsAuthenticated == true)
        {
            await context.SignOutAsync();
            return false;
        }

        var scheme = Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationDefaults.AuthenticationScheme;
        var properties = new AuthenticationProperties { ExpiresUtc = result.ExpiresAt, IssuedUtc = null, IsPersistent = false, AllowRefresh = false };
        properties.StoreTokens([new AuthenticationToken { Name = SessionClaims.AccessToken, Value = result.AccessToken }]);
        await context.SignInAsync(scheme, SessionClaims.Create(result, scheme), properties);
        return true;
    }
}
