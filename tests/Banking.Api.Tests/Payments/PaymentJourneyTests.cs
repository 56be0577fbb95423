using System.Net;
using System.Net.Http.Json;
using Banking.Client;

namespace Banking.Api.Tests.Payments;

/// <summary>The way of a payment from the first draft to the posting, over HTTP.</summary>
public sealed class PaymentJourneyTests
{
    [Fact]
    public async Task Execute_WhenApprovedWithCode_PostsExactlyWhatWasApproved()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);

        var draft = await bank.DraftAsync(customer, PaymentBank.To(customer, 6_000));
        Assert.Equal("draft", draft.State);
        var submitted = await bank.SubmitAsync(customer, draft.Id);
        Assert.Equal("awaiting_approval", submitted.State);

        using (var early = await bank.ExecuteAsync(customer, draft.Id, "execute-1"))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, early.StatusCode);
            Assert.Equal(ErrorCodes.InsufficientUserAuthentication, await PaymentBank.CodeOf(early));
            Assert.Contains("insufficient_user_authentication", early.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        var authorization = await bank.Host.ApproveWithTotpAsync(customer.Http, customer.User, submitted.AuthorizationId!);
        Assert.Equal("60.00", authorization.Details.GetProperty("instructedAmount").GetProperty("amount").GetString());
        Assert.Equal(PaymentBank.ExternalIban, authorization.Details.GetProperty("creditorAccount").GetProperty("iban").GetString());

        using var response = await bank.ExecuteAsync(customer, draft.Id, "execute-1");
        var executed = await PaymentBank.PaymentOf(response);
        Assert.Equal("executed", executed.State);
        Assert.Equal(94_000, await bank.BalanceAsync(customer.Current));
        Assert.Equal(1, await bank.ScalarAsync<long>("select count(*) from fraud.decision d join payment.payment p on p.id = d.payment_id where d.stage = 'execute' and d.outcome = 'allow'"));

        using var again = await bank.ExecuteAsync(customer, draft.Id, "execute-1");
        Assert.Equal("true", again.Headers.GetValues(ApiHeaders.IdempotencyReplayed).Single());
        Assert.Equal(await response.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());

        var read = await customer.Http.GetFromJsonAsync<Payment>($"v1/payments/{draft.Id}", BankingApiClient.Json);
        Assert.Equivalent(executed, read, strict: true);
        await bank.AssertLedgerIsSoundAsync();
    }
}
