using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Getting in, and what cannot.</summary>
public sealed class SignInJourneys(BankInBrowser bank)
{
    [Fact]
    public async Task SignIn_WithPasswordAndCode_ShowsTheBalances()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("daniel");

        Assert.True(await visitor.ReadBalanceAsync("Everyday account") != 0);
        await Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = "Recent transactions" })).ToBeVisibleAsync();

        // The browser holds opaque cookies that no script can read, and no token anywhere.
        var cookies = await visitor.Page.Context.CookiesAsync();
        Assert.All(cookies, cookie => Assert.True(cookie.HttpOnly && cookie.SameSite == SameSiteAttribute.Strict, cookie.Name));
        var content = await visitor.Page.ContentAsync();
        Assert.DoesNotContain("sbs_", content, StringComparison.Ordinal);
        Assert.Equal("0", await visitor.Page.EvaluateAsync<string>("String(localStorage.length + sessionStorage.length)"));
        visitor.CheckNoComplaints();
    }

    [Theory]
    [InlineData("daniel", "not the password")]
    [InlineData("nobody-by-that-name", "not the password")]
    public async Task SignIn_WhenPasswordOrUserIsWrong_SaysTheSameAndKeepsTheName(string user, string password)
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.Page.GotoAsync("/sign-in");
        await visitor.Page.GetByLabel("User name").FillAsync(user);
        await visitor.Page.GetByLabel("Password").FillAsync(password);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();

        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("That did not match what we know.");
        await Expect(visitor.Page.GetByLabel("User name")).ToHaveValueAsync(user);
        await Expect(visitor.Page.GetByLabel("Password")).ToHaveValueAsync("");
        visitor.CheckNoComplaints();
    }

    [Theory]
    [InlineData("/overview")]
    [InlineData("/transactions")]
    [InlineData("/payees")]
    [InlineData("/payees/add")]
    [InlineData("/pay")]
    [InlineData("/chat")]
    [InlineData("/security")]
    [InlineData("/security/passkeys/add")]
    [InlineData("/teller")]
    [InlineData("/staff")]
    [InlineData("/approve/pay_00000000000000000000000000000000")]
    public async Task Pages_WhenNotSignedIn_LeadToSignIn(string path)
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        var response = await visitor.Page.GotoAsync(path);
        Assert.StartsWith(new Uri(bank.Address, "/sign-in").ToString(), visitor.Page.Url, StringComparison.Ordinal);

        var headers = await response!.AllHeadersAsync();
        Assert.Contains("no-store", headers["cache-control"], StringComparison.Ordinal);
        Assert.Equal("nosniff", headers["x-content-type-options"]);
        Assert.Contains("frame-ancestors 'none'", headers["content-security-policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", headers["content-security-policy"], StringComparison.Ordinal);
        // A sign-in page runs the bank's own scripts only.
        var scripts = await visitor.Page.Locator("script").EvaluateAllAsync<string[]>("all => all.map(script => script.getAttribute('src'))");
        Assert.All(scripts, script => Assert.StartsWith("/js/", script, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SignIn_WithAForeignReturnAddress_StaysAtTheBank()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.Page.GotoAsync("/sign-in?returnUrl=https%3A%2F%2Fevil.example%2F");
        var login = bank.LoginOf("agent");
        await visitor.Page.GetByLabel("User name").FillAsync(login.User);
        await visitor.Page.GetByLabel("Password").FillAsync(login.Password);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await visitor.Page.GetByLabel("Code").FillAsync(await bank.AuthenticatorOf("agent").NextCodeAsync());
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await visitor.Page.WaitForURLAsync("**/staff");
        await Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Signed in as");
        visitor.CheckNoComplaints();
    }
}
