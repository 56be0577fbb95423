using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>The main job: ask, prepare, approve, executed. No other journey moves money on the accounts whose balance these compare.</summary>
public sealed class PaymentJourneys(BankInBrowser bank)
{
    [Fact]
    public async Task PayInChat_CorrectedThenApprovedWithACode_MovesExactlyThatAmountOnce()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("amelia");
        var before = await visitor.ReadBalanceAsync("Everyday account");

        await visitor.OpenChatAsync();
        await visitor.SayAsync("Pay Maya Okafor £15 from my everyday account for lunch");
        await Expect(visitor.CardWith("Maya Okafor", "£15.00")).ToBeVisibleAsync();
        await visitor.SayAsync("no, make it 12.50");
        var card = visitor.CardWith("Maya Okafor", "£12.50");
        await Expect(card).ToBeVisibleAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();

        await visitor.Page.WaitForURLAsync("**/approve/pay_*");
        await Expect(visitor.Page.Locator("[data-approve-amount]")).ToHaveTextAsync("£12.50");
        var sign = visitor.Page.GetByRole(AriaRole.Region, new() { Name = "What you approve" });
        await Expect(sign).ToContainTextAsync("Maya Okafor");
        await Expect(sign).ToContainTextAsync("Everyday account");
        await visitor.ApproveWithCodeAsync("amelia");

        await Expect(visitor.Page.Locator("[data-outcome=executed]")).ToBeVisibleAsync();
        Assert.Equal(before - 1250, await visitor.ReadBalanceAsync("Everyday account"));

        // The conversation is still there, and was told.
        await visitor.Page.GotoAsync("/chat");
        await Expect(visitor.CardWith("Paid", "£12.50")).ToBeVisibleAsync();
        visitor.CheckNoComplaints();
    }

    [Fact]
    public async Task PayOnThePage_WithAWrongCode_KeepsEverythingAndMovesNothing()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("daniel");
        var before = await visitor.ReadBalanceAsync("Everyday account");
        await visitor.Page.GotoAsync("/pay");
        await visitor.Page.GetByLabel("From").SelectOptionAsync(new SelectOptionValue { Index = 0 });
        await visitor.ChoosePayeeAsync("Maya Okafor");
        await visitor.Page.GetByLabel("Amount").FillAsync("0");
        await visitor.Page.GetByLabel("Reference").FillAsync("Tickets");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The amount must be more than zero.");
        await Expect(visitor.Page.GetByLabel("Reference")).ToHaveValueAsync("Tickets");

        await visitor.Page.GetByLabel("Amount").FillAsync("4.20");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/approve/pay_*");
        await visitor.Page.GetByLabel("Code from your authenticator app").FillAsync("000000");
        await visitor.Page.Locator("form:has(#Code) button[type=submit]").ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not accepted");
        await Expect(visitor.Page.Locator("[data-approve-amount]")).ToHaveTextAsync("£4.20");

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Decline" }).ClickAsync();
        await Expect(visitor.Page.Locator("[data-outcome=cancelled]")).ToBeVisibleAsync();
        Assert.Equal(before, await visitor.ReadBalanceAsync("Everyday account"));
        visitor.CheckNoComplaints();
    }

    [Fact]
    public async Task CancelInChat_CancelsTheDraftAndMovesNothing()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("amelia");
        var before = await visitor.ReadBalanceAsync("Everyday account");
        await visitor.OpenChatAsync();
        await visitor.SayAsync("Send £9.99 to Maya Okafor from my everyday account");
        var card = visitor.CardWith("Maya Okafor", "£9.99");
        await Expect(card).ToBeVisibleAsync();
        await visitor.SayAsync("cancel the payment");
        await Expect(visitor.BotBubbles.Filter(new() { HasText = "cancelled" }).Last).ToBeVisibleAsync();

        // Its approval page has nothing to approve any more.
        await card.GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Expect(visitor.Page.Locator("[data-outcome=cancelled]")).ToBeVisibleAsync();
        Assert.Equal(before, await visitor.ReadBalanceAsync("Everyday account"));
        visitor.CheckNoComplaints();
    }

    [Fact]
    public async Task PickAPayeeInChat_ByKeyboard_AsksForTheAmountAndPrepares()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.SignInAsync("priya");
        await visitor.OpenChatAsync();
        await visitor.SayAsync("Who can I pay?");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Northgate Energy" }).PressAsync("Enter");
        await Expect(visitor.BotBubbles.Last).ToContainTextAsync("Northgate Energy?");
        await visitor.SayAsync("3.20");
        await Expect(visitor.CardWith("Northgate Energy", "£3.20")).ToBeVisibleAsync();
        visitor.CheckNoComplaints();
    }
}
