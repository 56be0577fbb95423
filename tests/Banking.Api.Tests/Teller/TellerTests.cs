using Banking.Api.Identity;
using Banking.Api.Ledger;
using Banking.Api.Tests.Accounts;
using Banking.Client;

namespace Banking.Api.Tests.Teller;

public sealed class TellerTests(BankWorld world) : IClassFixture<BankWorld>
{
    [Fact]
    public async Task Deposit_WhenApproved_MovesTheMoneyOnce()
    {
        var customer = await world.CreateCustomerAsync("Amelia Hart");
        var (teller, http) = await world.CreateStaffAsync(Roles.Teller);
        var api = new BankingApiClient(http);
        var request = new CashMovement(customer.Current.Iban, new Money(12_345, Currency.Gbp), "Takings", null);
        var call = new CallContext { IdempotencyKey = "deposit-1" };

        Assert.Equal(("Amelia Hart", "open"), (await api.GetTellerAccountAsync(customer.Current.Iban, call)).Value is { } found ? (found.HolderName, found.State) : default);
        var challenge = (await api.DepositCashAsync(request, call)).Problem!;
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, challenge.Code);
        request = request with { AuthorizationId = challenge.Text("authorizationId") };
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, (await api.DepositCashAsync(request, call)).Problem?.Code);
        await world.Host.ApproveWithTotpAsync(http, teller, request.AuthorizationId!);

        Assert.False((await api.DepositCashAsync(request with { Amount = new Money(99_999, Currency.Gbp) }, call)).Succeeded);
        var first = await api.DepositCashAsync(request, call);
        Assert.True(first.Succeeded, first.Problem?.ToString());
        var second = await api.DepositCashAsync(request, call);
        Assert.True(second.Replayed, second.Problem?.ToString());
        Assert.Equal(first.Value, second.Value);
        Assert.Equal(12_345L, await world.QueryAsync<long>($"select balance from ledger.account where id = {customer.Current.Id}"));
        Assert.Equal(1L, await world.QueryAsync<long>($"select count(*) from audit.event where actor = '{teller.Id}' and action = 'teller.account.read'"));
    }

    [Fact]
    public async Task Withdrawal_WhenNotCovered_IsRefused()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "10.00");
        var (teller, http) = await world.CreateStaffAsync(Roles.Teller);
        var api = new BankingApiClient(http);
        var call = new CallContext { IdempotencyKey = "withdrawal-1" };
        var request = new CashMovement(customer.Current.Iban, new Money(1_001, Currency.Gbp), null, null);
        var id = (await api.WithdrawCashAsync(request, call)).Problem!.Text("authorizationId")!;
        await world.Host.ApproveWithTotpAsync(http, teller, id);

        Assert.Equal(ErrorCodes.InsufficientFunds, (await api.WithdrawCashAsync(request with { AuthorizationId = id }, call)).Problem?.Code);
        Assert.Equal(ErrorCodes.IdempotencyKeyInvalid, (await api.WithdrawCashAsync(request, CallContext.None)).Problem?.Code);
        Assert.Equal(ErrorCodes.AmountNotPositive, (await api.WithdrawCashAsync(request with { Amount = new Money(0, Currency.Gbp) }, call)).Problem?.Code);
        Assert.Equal(ErrorCodes.CurrencyMismatch, (await api.WithdrawCashAsync(request with { Amount = new Money(1, Currency.Of("EUR")) }, call)).Problem?.Code);
        Assert.Equal(ErrorCodes.AccountNotFound, (await api.WithdrawCashAsync(request with { AccountIban = Iban.Create("GB", "XXBK20202041234567") }, call)).Problem?.Code);
    }
}
