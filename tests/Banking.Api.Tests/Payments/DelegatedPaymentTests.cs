using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Banking.Api.Ledger;
using Banking.Api.Tests.Accounts;
using Banking.Client;

namespace Banking.Api.Tests.Payments;

/// <summary>What the assistant can do to payments with the customer's narrowed token, and where that ends.</summary>
public sealed class DelegatedPaymentTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly string Elsewhere = Iban.Create("GB", "XXBK20202041234567");

    [Fact]
    public async Task Draft_BeyondWhatTheAssistantMayPrepare_IsRefusedAndAudited()
    {
        await using var flow = await StartAsync();

        var (_, tooMuch) = await flow.DraftAsync("2500.01");
        Assert.Equal((422, ErrorCodes.LimitExceeded), (tooMuch!.Status, tooMuch.Code));
        Assert.Equal(1, await world.QueryAsync<long>(
            $"select count(*) from audit.event where action = 'payment.draft' and outcome = '{ErrorCodes.LimitExceeded}' and actor = 'client:assistant' and on_behalf = '{flow.Customer.User.Id}' and details::jsonb ->> 'turn' = 'turn-1'"));

        // Up to the limit of a payment, and of a day; what is cancelled leaves room again.
        Assert.NotNull((await flow.DraftAsync("2500.00")).Payment);
        var second = (await flow.DraftAsync("2500.00")).Payment!;
        Assert.Equal(ErrorCodes.LimitExceeded, (await flow.DraftAsync("0.01")).Problem?.Code);
        Assert.True((await flow.Api.CancelPaymentAsync(second.Id, CallContext.None)).Succeeded);
        Assert.NotNull((await flow.DraftAsync("0.01")).Payment);

        // The customer's own limits are others.
        var own = await flow.Customer.Api.DraftPaymentAsync(flow.To("2600.00"), new CallContext { IdempotencyKey = "own" });
        Assert.True(own.Succeeded, own.Problem?.ToString());
        // The next day has its own room.
        world.Host.Clock.Advance(TimeSpan.FromDays(1));
        await using var tomorrow = await flow.SignInAgainAsync();
        Assert.NotNull((await tomorrow.DraftAsync("2500.00")).Payment);
    }

    [Fact]
    public async Task Draft_ManyAtOnce_StayWithinTheDayTogether()
    {
        await using var flow = await StartAsync();
        var drafts = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => flow.DraftAsync("1000.00")));
        Assert.Equal(5, drafts.Count(draft => draft.Payment is not null));
        Assert.All(drafts.Where(draft => draft.Payment is null), draft => Assert.Equal(ErrorCodes.LimitExceeded, draft.Problem!.Code));
    }

    [Fact]
    public async Task Amend_ThroughTheAssistant_MeetsTheSameLimitsAndOnlyItsOwnPayments()
    {
        await using var flow = await StartAsync();
        var draft = (await flow.DraftAsync("10.00")).Payment!;
        Assert.Equal(ErrorCodes.LimitExceeded, (await flow.Api.AmendPaymentAsync(draft.Id, new AmendPayment(null, null, null, Pounds("2500.01"), null), CallContext.None)).Problem?.Code);
        Assert.Equal("12.00", (await flow.Api.AmendPaymentAsync(draft.Id, new AmendPayment(null, null, null, Pounds("12.00"), null), CallContext.None)).Value?.InstructedAmount.Amount);

        var own = (await flow.Customer.Api.DraftPaymentAsync(flow.To("20.00"), new CallContext { IdempotencyKey = "own" })).Value!;
        var refused = (await flow.Api.AmendPaymentAsync(own.Id, new AmendPayment(null, null, null, Pounds("21.00"), null), CallContext.None)).Problem!;
        Assert.Equal((403, ErrorCodes.Forbidden), (refused.Status, refused.Code));
        Assert.Equal("20.00", (await flow.Customer.Api.GetPaymentAsync(own.Id, CallContext.None)).Value!.InstructedAmount.Amount);
    }

    [Fact]
    public async Task Cancel_ThroughTheAssistant_EndsWhatNobodyApproved_AndNothingElse()
    {
        await using var flow = await StartAsync();
        var draft = (await flow.DraftAsync("10.00")).Payment!;
        Assert.Equal("cancelled", (await flow.Api.CancelPaymentAsync(draft.Id, CallContext.None)).Value?.State);

        var waiting = (await flow.DraftAsync("11.00")).Payment!;
        var submitted = (await flow.Customer.Api.SubmitPaymentAsync(waiting.Id, CallContext.None)).Value!;
        Assert.Equal("cancelled", (await flow.Api.CancelPaymentAsync(waiting.Id, CallContext.None)).Value?.State);
        // The approval that was asked for ends with it.
        Assert.Equal("superseded", (await flow.Customer.Api.GetAuthorizationAsync(submitted.AuthorizationId!, CallContext.None)).Value?.State);

        var approved = (await flow.DraftAsync("12.00")).Payment!;
        submitted = (await flow.Customer.Api.SubmitPaymentAsync(approved.Id, CallContext.None)).Value!;
        await world.Host.ApproveWithTotpAsync(flow.Customer.Http, flow.Customer.User, submitted.AuthorizationId!);
        var refused = (await flow.Api.CancelPaymentAsync(approved.Id, CallContext.None)).Problem!;
        Assert.Equal((403, ErrorCodes.Forbidden), (refused.Status, refused.Code));
        Assert.Equal("approved", (await flow.Customer.Api.GetPaymentAsync(approved.Id, CallContext.None)).Value?.State);

        await world.QueryAsync<string>($"update payment.payment set state = 'held' where public_id = '{PaymentBank.IdOf(PublicId.Payment, approved.Id)}' returning state");
        Assert.Equal(ErrorCodes.Forbidden, (await flow.Api.CancelPaymentAsync(approved.Id, CallContext.None)).Problem?.Code);
        await world.QueryAsync<string>($"update payment.payment set state = 'approved' where public_id = '{PaymentBank.IdOf(PublicId.Payment, approved.Id)}' returning state");
        Assert.Equal("cancelled", (await flow.Customer.Api.CancelPaymentAsync(approved.Id, CallContext.None)).Value?.State);
    }

    [Fact]
    public async Task SubmitAndExecute_ThroughTheAssistant_AreForbidden()
    {
        await using var flow = await StartAsync();
        var draft = (await flow.DraftAsync("10.00")).Payment!;
        Assert.Equal(403, (await flow.Api.SubmitPaymentAsync(draft.Id, CallContext.None)).Problem?.Status);
        var submitted = (await flow.Customer.Api.SubmitPaymentAsync(draft.Id, CallContext.None)).Value!;
        Assert.Equal(403, (await flow.Api.ApproveAsync(submitted.AuthorizationId!, new("totp", world.Host.NextCode(flow.Customer.User), null), CallContext.None)).Problem?.Status);
        await world.Host.ApproveWithTotpAsync(flow.Customer.Http, flow.Customer.User, submitted.AuthorizationId!);
        Assert.Equal(403, (await flow.Api.ExecutePaymentAsync(draft.Id, new CallContext { IdempotencyKey = "x" })).Problem?.Status);
        Assert.Equal("approved", (await flow.Customer.Api.GetPaymentAsync(draft.Id, CallContext.None)).Value?.State);
    }

    [Fact]
    public async Task Decline_OfAnAuthorization_CancelsItsPayment()
    {
        await using var flow = await StartAsync();
        var draft = (await flow.DraftAsync("10.00")).Payment!;
        var submitted = (await flow.Customer.Api.SubmitPaymentAsync(draft.Id, CallContext.None)).Value!;

        using (var declined = await flow.Customer.Http.PostAsync($"v1/authorizations/{submitted.AuthorizationId}/decline", null))
        {
            Assert.Equal("declined", (await declined.Content.ReadFromJsonAsync<Client.Authorization>(BankingApiClient.Json))!.State);
        }

        Assert.Equal("cancelled", (await flow.Customer.Api.GetPaymentAsync(draft.Id, CallContext.None)).Value?.State);
        // Neither the approval nor the payment can be had after all.
        Assert.Equal(ErrorCodes.AuthorizationNotPending, (await flow.Customer.Api.ApproveAsync(submitted.AuthorizationId!, new("totp", world.Host.NextCode(flow.Customer.User), null), CallContext.None)).Problem?.Code);
        Assert.Equal(ErrorCodes.InvalidPaymentState, (await flow.Customer.Api.SubmitPaymentAsync(draft.Id, CallContext.None)).Problem?.Code);
        using var executed = await PostAsync(flow.Customer.Http, $"v1/payments/{draft.Id}/execute");
        Assert.Equal(HttpStatusCode.Conflict, executed.StatusCode);
        Assert.Equal("10000.00", (await flow.Customer.Api.GetAccountAsync(flow.Customer.CurrentId, CallContext.None)).Value!.Booked.Amount);
        Assert.Equal(1, await world.QueryAsync<long>($"select count(*) from event.outbox where subject = '{draft.Id}' and data::jsonb ->> 'state' = 'cancelled'"));
    }

    private static Money Pounds(string amount) => Money.TryParse(amount, "GBP", out var money) == MoneyFault.None ? money : throw new ArgumentException(amount, nameof(amount));

    private static async Task<HttpResponseMessage> PostAsync(HttpClient http, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add(ApiHeaders.IdempotencyKey, PaymentBank.NewKey());
        return await http.SendAsync(request);
    }

    private async Task<Flow> StartAsync()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "10000.00");
        var payee = await customer.SavePayeeAsync("Maya Okafor", Elsewhere);
        return new Flow(world, customer, payee.Id, await world.DelegateAsync(customer));
    }

    /// <summary>A customer, a payee, and the assistant in one conversation with them.</summary>
    private sealed record Flow(BankWorld World, Customer Customer, string PayeeId, HttpClient Assistant) : IAsyncDisposable
    {
        private int _keys;

        public BankingApiClient Api { get; } = new(Assistant);

        public CreatePayment To(string amount) => new(Customer.CurrentId, PayeeId, null, Pounds(amount), "Lunch");

        public async Task<(Payment? Payment, ApiProblem? Problem)> DraftAsync(string amount)
        {
            var key = "draft-" + Interlocked.Increment(ref _keys).ToString(CultureInfo.InvariantCulture);
            var result = await Api.DraftPaymentAsync(To(amount), new CallContext { IdempotencyKey = key });
            return (result.Succeeded ? result.Value : null, result.Problem);
        }

        public async Task<Flow> SignInAgainAsync()
        {
            var customer = Customer with { Http = await World.Host.SignInAsync(Customer.User) };
            customer = new Customer(World, customer.User, customer.Current, customer.Http);
            return new Flow(World, customer, PayeeId, await World.DelegateAsync(customer)) { _keys = 1000 };
        }

        public ValueTask DisposeAsync()
        {
            Assistant.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
