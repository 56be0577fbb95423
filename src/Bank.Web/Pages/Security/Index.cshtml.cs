using Bank.Web.Errors;
using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Passkeys and sessions of whoever is signed in.</summary>
internal sealed class SecurityModel(BankingApiClient api) : BankPage(api)
{
    public IReadOnlyList<PasskeySummary> Passkeys { get; private set; } = [];

    public IReadOnlyList<SessionSummary> Sessions { get; private set; } = [];

    public Task<IActionResult> OnGetAsync() => ShowAsync();

    public async Task<IActionResult> OnPostEndAsync(string? sessionId)
    {
        var result = await Api.EndSessionAsync(sessionId ?? "", await CallAsync(), HttpContext.RequestAborted);
        if (result.Problem is { Code: ErrorCodes.Unauthenticated or ErrorCodes.Unavailable } problem)
        {
            return await FailAsync(problem);
        }

        TempData["Notice"] = "That session was signed out.";
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostEndAllAsync()
    {
        var result = await Api.EndAllSessionsAsync(await CallAsync(), HttpContext.RequestAborted);
        if (result.Problem is { Code: not ErrorCodes.Unauthenticated } problem)
        {
            ModelState.AddModelError("", Explanation.Of(problem));
            return await ShowAsync();
        }

        await HttpContext.SignOutAsync();
        return RedirectToPage("/SignOut");
    }

    /// <summary>A browser's user agent in two words; precise enough to recognise one's own.</summary>
    public static string Browser(string? userAgent)
    {
        if (string.IsNullOrEmpty(userAgent))
        {
            return "Unknown browser";
        }

        var browser = userAgent switch
        {
            _ when userAgent.Contains("Edg/", StringComparison.Ordinal) => "Edge",
            _ when userAgent.Contains("Firefox/", StringComparison.Ordinal) => "Firefox",
            _ when userAgent.Contains("Chrome/", StringComparison.Ordinal) => "Chrome",
            _ when userAgent.Contains("Safari/", StringComparison.Ordinal) => "Safari",
            _ => "A browser",
        };
        var system = userAgent switch
        {
            _ when userAgent.Contains("Android", StringComparison.Ordinal) => "Android",
            _ when userAgent.Contains("iPhone", StringComparison.Ordinal) || userAgent.Contains("iPad", StringComparison.Ordinal) => "iOS",
            _ when userAgent.Contains("Windows", StringComparison.Ordinal) => "Windows",
            _ when userAgent.Contains("Mac OS", StringComparison.Ordinal) => "macOS",
            _ when userAgent.Contains("Linux", StringComparison.Ordinal) => "Linux",
            _ => null,
        };
        return system is null ? browser : $"{browser} on {system}";
    }

    /// <summary>How a session was opened.</summary>
    public static string Strength(string acr) => acr == AcrValues.Passkey ? "Signed in with a passkey" : "Signed in with password and code";

    private async Task<IActionResult> ShowAsync()
    {
        var call = await CallAsync();
        var passkeys = await Api.ListPasskeysAsync(call, HttpContext.RequestAborted);
        var sessions = await Api.ListSessionsAsync(call, HttpContext.RequestAborted);
        if ((passkeys.Problem ?? sessions.Problem) is { } problem)
        {
            return await FailAsync(problem);
        }

        Passkeys = passkeys.Value!;
        Sessions = [.. sessions.Value!.OrderByDescending(session => session.Current).ThenByDescending(session => session.LastSeenAt)];
        return Page();
    }
}
