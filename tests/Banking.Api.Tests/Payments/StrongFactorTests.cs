using System.Net.Http.Json;
using Banking.Api.Tests.Identity;
using Banking.Client;

namespace Banking.Api.Tests.Payments;

/// <summary>The score of a payment chooses the factor asked for, and can only raise it.</summary>
public sealed class StrongFactorTests
{
    [Fact]
    public async Task Submit_WhenThePaymentStandsOut_AsksForThePasskeyOfACustomerWhoHasOne()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(1_000_000);
        using var authenticator = new SoftwareAuthenticator();
        await PasskeyTests.RegisterAsync(bank.Host, customer.Http, customer.User, authenticator);
        var suspicious = await SubmitSuspiciousAsync(bank, customer);

        var authorization = (await customer.Http.GetFromJsonAsync<Authorization>($"v1/authorizations/{suspicious.AuthorizationId}", BankingApiClient.Json))!;
        Assert.Equal(AcrValues.Passkey, authorization.AcrValues);
        Assert.Equal(["passkey"], authorization.Methods);
        Assert.Equal("strong_factor", await bank.ScalarAsync<string>(
            "select d.outcome from fraud.decision d join payment.payment p on p.id = d.payment_id where p.public_id = $1 and d.stage = 'submit'", PaymentBank.IdOf(PublicId.Payment, suspicious.Id)));

        // A code does not do, also not for the challenge of an execution without approval.
        var api = new BankingApiClient(customer.Http);
        Assert.Equal(ErrorCodes.FactorNotAvailable, (await api.ApproveAsync(suspicious.AuthorizationId!, new("totp", bank.Host.NextCode(customer.User), null), CallContext.None)).Problem?.Code);
        using (var early = await bank.ExecuteAsync(customer, suspicious.Id))
        {
            Assert.Equal(ErrorCodes.InsufficientUserAuthentication, await PaymentBank.CodeOf(early));
            Assert.Contains($"acr_values=\"{AcrValues.Passkey}\"", early.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        var options = (await api.StartPasskeyApprovalAsync(suspicious.AuthorizationId!, CallContext.None)).Value!;
        var approved = await api.ApproveAsync(
            suspicious.AuthorizationId!, new("passkey", null, authenticator.Get(options.OptionsJson)), new CallContext { Origin = Hosting.ApiHost.Origin });
        Assert.Equal("approved", approved.Value?.State);

        // The same customer's ordinary payment is approved with either.
        var ordinary = await bank.SubmitAsync(customer, (await bank.DraftAsync(customer, PaymentBank.To(customer, 1_500))).Id);
        Assert.Equal(
            ["passkey", "totp"],
            (await customer.Http.GetFromJsonAsync<Authorization>($"v1/authorizations/{ordinary.AuthorizationId}", BankingApiClient.Json))!.Methods.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Submit_WhenThePaymentStandsOutAndThereIsNoPasskey_AsksForTheCode()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(1_000_000);
        var suspicious = await SubmitSuspiciousAsync(bank, customer);
        Assert.Equal(["totp"], (await customer.Http.GetFromJsonAsync<Authorization>($"v1/authorizations/{suspicious.AuthorizationId}", BankingApiClient.Json))!.Methods);
    }

    // SR-34 and the customer's own money: moving it between own accounts is neither spending nor part of a limit.
    [Fact]
    public async Task Spending_WhenMoneyMovedToAnOwnAccount_DoesNotCountIt()
    {
        await using var bank = await PaymentBank.OpenAsync(new() { ["Payments:Limits:PerDay"] = "50.00" });
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var own = await bank.ApprovedRowAsync(customer, caller, 30_000, toSavings: true);
        var away = await bank.ApprovedRowAsync(customer, caller, 4_000);
        foreach (var payment in (Guid[])[own, away])
        {
            Assert.Contains("\"state\":\"executed\"", (await bank.Writer.ExecutePaymentAsync(caller, payment, payment.ToString("N"))).Body, StringComparison.Ordinal);
        }

        Assert.Equal((66_000, 30_000), (await bank.BalanceAsync(customer.Current), await bank.BalanceAsync(customer.Savings)));
        var spending = (await customer.Http.GetFromJsonAsync<Client.Spending>("v1/spending", BankingApiClient.Json))!;
        Assert.Equal("40.00", spending.Total.Amount);
        var ofAccount = (await customer.Http.GetFromJsonAsync<Client.Spending>($"v1/spending?accountId={PublicId.Format(PublicId.Account, customer.Current.PublicId)}", BankingApiClient.Json))!;
        Assert.Equal("40.00", ofAccount.Total.Amount);
    }

    private static async Task<Payment> SubmitSuspiciousAsync(PaymentBank bank, PayingCustomer customer)
    {
        var payee = await bank.PayeeAsync(customer.User.Keys.PartyId, "Quick Exchange", "GB94BARC10201530093459");
        await bank.ExecuteAsync("update payment.payee set created_at = $1, payments_count = 0 where name = 'Quick Exchange'", bank.Host.Clock.GetUtcNow());
        return await bank.SubmitAsync(customer, (await bank.DraftAsync(customer, PaymentBank.To(customer, 990_000, payee))).Id);
    }
}
