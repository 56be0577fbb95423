using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>Adding somebody to pay: prepared in the chat, confirmed by the customer on the bank's page.</summary>
public sealed class PayeeJourneys(BankInBrowser bank)
{
    [Fact]
    public async Task AddPayee_FromTheChatLink_IsFilledInCheckedAndApproved()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("daniel");
        await visitor.OpenChatAsync();
        await visitor.SayAsync("Add Harbour Books as a payee, GB29NWBK60161331926819");
        var link = visitor.Page.Locator(".ac-adaptiveCard").GetByRole(AriaRole.Button).Last;
        await link.ClickAsync();

        await visitor.Page.WaitForURLAsync("**/payees/add?conversationId=*");
        await Expect(visitor.Page.GetByText("Check the details")).ToBeVisibleAsync();
        await Expect(visitor.Page.GetByLabel("Name")).ToHaveValueAsync("Harbour Books");
        await Expect(visitor.Page.GetByLabel("IBAN")).ToHaveValueAsync("GB29NWBK60161331926819");
        Assert.DoesNotContain('#', visitor.Page.Url);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();

        var sign = visitor.Page.GetByRole(AriaRole.Region, new() { Name = "What you approve" });
        await Expect(sign).ToContainTextAsync("Harbour Books");
        await Expect(sign).ToContainTextAsync("GB29 NWBK 6016 1331 9268 19");
        await visitor.ApproveWithCodeAsync("daniel");
        await visitor.Page.WaitForURLAsync("**/chat");
        await visitor.Page.GotoAsync("/payees");
        await Expect(visitor.Page.Locator(".sb-list__title").Filter(new() { HasText = "Harbour Books" })).ToBeVisibleAsync();
        visitor.CheckNoComplaints();
    }

    [Fact]
    public async Task AddPayee_WhenTheLinkCarriesMarkup_ShowsItAsText()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("daniel");
        await visitor.Page.GotoAsync("/payees/add?conversationId=x#name=" + Uri.EscapeDataString("<img src=x onerror=alert(1)>") + "&iban=GB00");
        await Expect(visitor.Page.GetByLabel("Name")).ToHaveValueAsync("<img src=x onerror=alert(1)>");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not a valid IBAN");
        await Expect(visitor.Page.GetByLabel("Name")).ToHaveValueAsync("<img src=x onerror=alert(1)>");
        Assert.Equal(0, await visitor.Page.Locator("main img").CountAsync());
        visitor.CheckNoComplaints();
    }
}
