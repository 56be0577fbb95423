using Banking.Api.Ledger;
using Banking.Client;

namespace Banking.Api.Tests.Accounts;

public sealed class AccountsTests(BankWorld world) : IClassFixture<BankWorld>
{
    [Fact]
    public async Task List_WhenAccountIsJoint_ShowsItToBothHoldersAndNobodyElse()
    {
        var (first, second, other) = (await world.CreateCustomerAsync(), await world.CreateCustomerAsync(), await world.CreateCustomerAsync());
        var joint = PublicId.Format(PublicId.Account, (await world.OpenAccountAsync("current", "Household", first.User, second.User)).PublicId);

        Assert.Equal([first.CurrentId, joint], (await first.Api.ListAccountsAsync(CallContext.None)).Value!.Select(account => account.Id));
        Assert.Equal([second.CurrentId, joint], (await second.Api.ListAccountsAsync(CallContext.None)).Value!.Select(account => account.Id));
        Assert.DoesNotContain(joint, (await other.Api.ListAccountsAsync(CallContext.None)).Value!.Select(account => account.Id));
    }

    [Fact]
    public async Task Get_WhenMoneyArrives_ShowsBookedAndAvailable()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "120.50");

        var account = (await customer.Api.GetAccountAsync(customer.CurrentId, CallContext.None)).Value!;

        Assert.Equal(("120.50", "120.50", "open", customer.Current.Iban), (account.Booked.Amount, account.Available.Amount, account.State, account.Iban));
    }

    [Theory]
    [InlineData("acc_00000000000000000000000000000000")]
    [InlineData("acc_ZZZ")]
    [InlineData("pay_0199c0ffee7a7c3e8d1f2a3b4c5d6e7f")]
    [InlineData("' or 1=1 --")]
    public async Task Get_WhenIdIsUnknown_Answers404(string id)
    {
        var customer = await world.CreateCustomerAsync();
        var answer = await customer.Api.GetAccountAsync(id, CallContext.None);
        Assert.Equal((404, ErrorCodes.AccountNotFound), (answer.Problem!.Status, answer.Problem.Code));
    }
}
