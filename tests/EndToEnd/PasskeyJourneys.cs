using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>A passkey from its making to a payment approved with it.</summary>
public sealed class PasskeyJourneys(BankInBrowser bank)
{
    [Fact]
    public async Task Passkey_RegisteredWithStepUp_ApprovesAPaymentAndSignsIn()
    {
        await using var visitor = await Visitor.ArriveAsync(bank);
        await visitor.AddVirtualAuthenticatorAsync();
        await visitor.SignInAsync("priya");

        await visitor.Page.GotoAsync("/security/passkeys/add");
        await visitor.Page.GetByLabel("A name to recognise it by").FillAsync("My laptop");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Make the passkey" }).ClickAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = "Confirm your new passkey" })).ToBeVisibleAsync();
        await visitor.ApproveWithCodeAsync("priya");
        await Expect(visitor.Page.GetByText("is ready. You can sign in and approve with it.")).ToBeVisibleAsync();

        var before = await visitor.ReadBalanceAsync("Everyday account");
        await visitor.Page.GotoAsync("/pay");
        await visitor.ChoosePayeeAsync("Maya Okafor");
        await visitor.Page.GetByLabel("Amount").FillAsync("7.35");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Continue to approval" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/approve/pay_*");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Approve payment with a passkey" }).ClickAsync();
        await Expect(visitor.Page.Locator("[data-outcome=executed]")).ToBeVisibleAsync();
        Assert.Equal(before - 735, await visitor.ReadBalanceAsync("Everyday account"));

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await visitor.Page.GotoAsync("/sign-in");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Use a passkey" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/overview");
        visitor.CheckNoComplaints();
    }
}
