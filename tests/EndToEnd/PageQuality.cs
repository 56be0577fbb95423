using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Every page, wide and narrow: nothing blocked by the content policy, no machine-checkable accessibility fault, nothing wider than the screen.</summary>
public sealed class PageQuality(BankInBrowser bank)
{
    private static readonly string[] CustomerPages =
        ["/overview", "/transactions", "/payees", "/payees/add", "/pay", "/security", "/security/passkeys/add"];

    [Fact]
    public async Task PublicPages_AreAccessible()
    {
        foreach (var width in (int[])[1440, 390])
        {
            await using var visitor = await Visitor.ArriveAsync(bank, width);
            foreach (var path in (string[])["/sign-in", "/sign-out"])
            {
                await visitor.Page.GotoAsync(path);
                await CheckAsync(visitor, width);
            }

            visitor.CheckNoComplaints();
        }
    }

    [Theory]
    [InlineData("daniel", 1440)]
    [InlineData("amelia", 390)]
    public async Task CustomerPages_AreAccessible(string user, int width)
    {
        await using var visitor = await Visitor.ArriveAsync(bank, width, 844);
        await visitor.SignInAsync(user);
        foreach (var path in CustomerPages)
        {
            await visitor.Page.GotoAsync(path);
            await CheckAsync(visitor, width);
        }

        await visitor.Page.GotoAsync("/pay");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToBeFocusedAsync();
        await CheckAsync(visitor, width);

        await visitor.ChoosePayeeAsync("Maya Okafor");
        await visitor.Page.GetByLabel("Amount").FillAsync("3.10");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/approve/pay_*");
        await CheckAsync(visitor, width);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Decline" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/payments/pay_*");
        await CheckAsync(visitor, width);

        await visitor.OpenChatAsync();
        await visitor.SayAsync("What is my balance?");
        await Expect(visitor.CardWith("Everyday account")).ToBeVisibleAsync();
        await CheckAsync(visitor, width);
        visitor.CheckNoComplaints();
    }

    [Fact]
    public async Task Counter_TakesADepositApprovedByTheTeller()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("teller");
        await visitor.Page.WaitForURLAsync("**/teller");
        await CheckAsync(visitor, 1440);
        await visitor.Page.GetByLabel("Customer’s IBAN").FillAsync("GB29NWBK60161331926819");
        await visitor.Page.GetByLabel("Amount").FillAsync("20");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("There is no such account at this bank.");
        await Expect(visitor.Page.GetByLabel("Amount")).ToHaveValueAsync("20");

        await using var customer = await Visitor.ArriveAsync(bank);
        await customer.SignInAsync("daniel");
        var before = await customer.ReadBalanceAsync("House deposit");
        var iban = await customer.Page.GetByRole(AriaRole.Region, new() { Name = "House deposit" }).Locator(".sb-iban").InnerTextAsync();
        await visitor.Page.GetByLabel("Customer’s IBAN").FillAsync(iban);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await Expect(visitor.Page.Locator("[data-approve-amount]")).ToHaveTextAsync("£20.00");
        await CheckAsync(visitor, 1440);
        await visitor.ApproveWithCodeAsync("teller");
        await Expect(visitor.Page.Locator("[data-receipt]")).ToContainTextAsync("Paid in: £20.00");
        Assert.Equal(before + 2000, await customer.ReadBalanceAsync("House deposit"));
        visitor.CheckNoComplaints();
    }

    private static async Task CheckAsync(Visitor visitor, int width)
    {
        await visitor.CheckAccessibilityAsync();
        Assert.True(await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"{visitor.Page.Url} is wider than {width}");
    }
}
