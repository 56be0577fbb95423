using System.Net;
using Banking.Api.Audit;
using Banking.Api.Ledger;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Api.Tests.Payments;

/// <summary>What execution refuses, holds, counts once, and never mixes up.</summary>
public sealed class PaymentExecutionTests
{
    // SR-12
    [Fact]
    public async Task Execute_WhenOneApprovalIsUsedFiftyTimesAtOnce_ExecutesOnce()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var payment = await bank.ApprovedDirectlyAsync(customer, PaymentBank.To(customer, 1_000));

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => bank.ExecuteAsync(customer, payment)));

        Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
        foreach (var refused in responses.Where(response => response.StatusCode != HttpStatusCode.OK))
        {
            Assert.Equal(ErrorCodes.InvalidPaymentState, await PaymentBank.CodeOf(refused));
        }

        Assert.Equal(99_000, await bank.BalanceAsync(customer.Current));
        Assert.Equal("consumed", await bank.ScalarAsync<string>("select state from identity.\"authorization\""));
        await bank.AssertLedgerIsSoundAsync();
    }

    // SR-36, SR-33
    [Fact]
    public async Task Execute_WhenOneKeyIsRetriedAThousandTimesAtOnce_PostsOnceAndAnswersTheSame()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var payment = await bank.ApprovedRowAsync(customer, caller, 1_000);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => bank.Writer.ExecutePaymentAsync(caller, payment, "one-key")));

        Assert.All(outcomes, outcome => Assert.Null(outcome.Problem));
        Assert.Single(outcomes, outcome => !outcome.Replayed);
        Assert.Single(outcomes.Select(outcome => outcome.Body).Distinct());
        Assert.Equal(1, await bank.ScalarAsync<long>("select count(*) from ledger.journal_entry where payment_id is not null"));
        Assert.Equal(99_000, await bank.BalanceAsync(customer.Current));
    }

    [Fact]
    public async Task Execute_WhenKeyWasUsedForAnotherPayment_IsRefusedAlsoInsideOneBatch()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var first = await bank.ApprovedRowAsync(customer, caller, 1_000);
        var second = await bank.ApprovedRowAsync(customer, caller, 2_000);

        var outcomes = await Task.WhenAll(bank.Writer.ExecutePaymentAsync(caller, first, "key"), bank.Writer.ExecutePaymentAsync(caller, second, "key"));

        Assert.Null(outcomes[0].Problem);
        Assert.Equal(ErrorCodes.IdempotencyKeyReused, outcomes[1].Problem?.Code);
        Assert.Equal(99_000, await bank.BalanceAsync(customer.Current));
    }

    // SR-14: everything the customer was shown, changed behind the approval's back.
    [Theory]
    [InlineData("update payment.payment set amount = amount + 1")]
    [InlineData("update payment.payment set creditor_iban = 'GB94BARC10201530093459'")]
    [InlineData("update payment.payment set creditor_name = 'Somebody else'")]
    [InlineData("update payment.payment set remittance = 'Another reason'")]
    [InlineData("update payment.payment set remittance = null")]
    [InlineData("update payment.payment set debtor_account_id = (select id from ledger.account where type = 'savings' and name = 'Savings')")]
    [InlineData("update payment.payment set public_id = 'ffffffff-ffff-7fff-bfff-ffffffffffff'")]
    [InlineData("update identity.\"authorization\" set details_hash = sha256('other')")]
    public async Task Execute_WhenAnythingApprovedHasChanged_IsRefused(string change)
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var payment = await bank.ApprovedRowAsync(customer, caller, 1_000);
        Assert.Equal(1, await bank.ExecuteAsync(change));
        payment = await bank.ScalarAsync<Guid>("select public_id from payment.payment");

        var outcome = await bank.Writer.ExecutePaymentAsync(caller, payment, "key");

        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, outcome.Problem?.Code);
        Assert.Equal(0, await bank.ScalarAsync<long>("select count(*) from ledger.journal_entry where payment_id is not null"));
        Assert.Equal(1, await bank.ScalarAsync<long>("select count(*) from audit.event where action = 'payment.execute' and outcome = 'authorization_subject_changed'"));
    }

    [Fact]
    public async Task Execute_WhenApprovedInAnotherSession_AsksForApproval()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var payment = await bank.ApprovedDirectlyAsync(customer, PaymentBank.To(customer, 1_000));
        using var other = await bank.Host.SignInAsync(customer.User);

        using var response = await bank.ExecuteAsync(customer with { Http = other }, payment);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, await PaymentBank.CodeOf(response));
        Assert.Equal(100_000, await bank.BalanceAsync(customer.Current));
    }

    [Fact]
    public async Task Execute_WhenPaymentIsAnothersOrUnknown_IsNotFound()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var owner = await bank.CustomerAsync();
        var stranger = await bank.CustomerAsync();
        var payment = await bank.ApprovedDirectlyAsync(owner, PaymentBank.To(owner, 1_000));

        using var foreign = await bank.ExecuteAsync(stranger, payment);
        using var unknown = await bank.ExecuteAsync(stranger, PublicId.Format(PublicId.Payment, PublicId.NewValue(bank.Host.Clock)));

        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    // SR-34: many small payments meet the same limit as one large one.
    [Fact]
    public async Task Execute_WhenSplitAcrossOneBatch_StopsAtTheDailyLimit()
    {
        await using var bank = await PaymentBank.OpenAsync(new() { ["Payments:Limits:PerPayment"] = "50.00", ["Payments:Limits:PerDay"] = "100.00" });
        var customer = await bank.CustomerAsync(1_000_000);
        var caller = await bank.CallerOfAsync(customer);
        var payments = new List<Guid>();
        for (var i = 0; i < 6; i++)
        {
            payments.Add(await bank.ApprovedRowAsync(customer, caller, 4_000));
        }

        var outcomes = await Task.WhenAll(payments.Select(id => bank.Writer.ExecutePaymentAsync(caller, id, id.ToString("N"))));

        Assert.Equal(2, outcomes.Count(outcome => outcome.Body!.Contains("\"state\":\"executed\"", StringComparison.Ordinal) || outcome.Body.Contains("\"state\":\"held\"", StringComparison.Ordinal)));
        Assert.Equal(4, outcomes.Count(outcome => outcome.Body!.Contains("\"failureCode\":\"limit_exceeded\"", StringComparison.Ordinal)));
        await bank.AssertLedgerIsSoundAsync();
    }

    [Fact]
    public async Task Execute_WhenBatchAsksForMoreThanThereIs_PaysInOrderAndNeverOverdraws()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(10_000);
        var caller = await bank.CallerOfAsync(customer);
        var payments = new List<Guid>();
        for (var i = 0; i < 10; i++)
        {
            payments.Add(await bank.ApprovedRowAsync(customer, caller, 3_000, toSavings: true));
        }

        var outcomes = await Task.WhenAll(payments.Select(id => bank.Writer.ExecutePaymentAsync(caller, id, id.ToString("N"))));

        Assert.Equal(7, outcomes.Count(outcome => outcome.Body!.Contains("\"failureCode\":\"insufficient_funds\"", StringComparison.Ordinal)));
        Assert.Equal(1_000, await bank.BalanceAsync(customer.Current) - await bank.ScalarAsync<long>("select reserved from ledger.account where id = $1", customer.Current.Id));
        await bank.AssertLedgerIsSoundAsync();
    }

    [Fact]
    public async Task Hold_WhenPaymentLooksLikeATakeover_ReservesAndCancelGivesItBack()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(1_000_000);
        var payee = await bank.PayeeAsync(customer.User.Keys.PartyId, "Quick Exchange", "GB94BARC10201530093459");
        await bank.ExecuteAsync("update payment.payee set created_at = $1, payments_count = 0 where name = 'Quick Exchange'", bank.Host.Clock.GetUtcNow());
        var payment = await bank.ApprovedDirectlyAsync(customer, PaymentBank.To(customer, 990_000, payee));

        using var response = await bank.ExecuteAsync(customer, payment);
        var held = await PaymentBank.PaymentOf(response);
        Assert.Equal("held", held.State);
        Assert.NotEmpty(held.Reasons);
        Assert.Equal(990_000, await bank.ScalarAsync<long>("select reserved from ledger.account where id = $1", customer.Current.Id));
        Assert.Equal(1_000_000, await bank.BalanceAsync(customer.Current));
        await bank.AssertLedgerIsSoundAsync();

        using var cancelled = await bank.SendAsync(customer, HttpMethod.Post, $"v1/payments/{payment}/cancel");
        Assert.Equal("cancelled", (await PaymentBank.PaymentOf(cancelled)).State);
        Assert.Equal(0, await bank.ScalarAsync<long>("select reserved from ledger.account where id = $1", customer.Current.Id));
        Assert.Equal(0, await bank.ScalarAsync<long>("select spent_amount from fraud.entity_history where kind = 1"));
        using var again = await bank.SendAsync(customer, HttpMethod.Post, $"v1/payments/{payment}/cancel");
        Assert.Equal(ErrorCodes.InvalidPaymentState, await PaymentBank.CodeOf(again));
        await bank.AssertLedgerIsSoundAsync();
    }

    // SR-52
    [Fact]
    public async Task Execute_WhenAuditCannotBeWritten_DoesNothingAndSucceedsLaterUnderTheSameKey()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var payment = await bank.ApprovedRowAsync(customer, caller, 1_000);
        await bank.ExecuteAsync("alter table audit.event add constraint full_disk check (action <> 'payment.execute') not valid");

        var refused = await bank.Writer.ExecutePaymentAsync(caller, payment, "key");
        Assert.Equal(ErrorCodes.Unavailable, refused.Problem?.Code);
        Assert.Equal(0, await bank.ScalarAsync<long>("select count(*) from ledger.journal_entry where payment_id is not null"));
        Assert.Equal("approved", await bank.ScalarAsync<string>("select state from payment.payment"));

        await bank.ExecuteAsync("alter table audit.event drop constraint full_disk");
        Assert.Null((await bank.Writer.ExecutePaymentAsync(caller, payment, "key")).Problem);
        Assert.Equal(99_000, await bank.BalanceAsync(customer.Current));
    }

    [Fact]
    public async Task Execute_WhenOneItemOfABatchIsBroken_NeighboursAreExecuted()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customers = new List<(PayingCustomer Customer, Banking.Api.Identity.Caller Caller, Guid Payment)>();
        for (var i = 0; i < 6; i++)
        {
            var customer = await bank.CustomerAsync(100_000);
            var caller = await bank.CallerOfAsync(customer);
            customers.Add((customer, caller, await bank.ApprovedRowAsync(customer, caller, 1_000)));
        }

        var broken = customers[2];
        await bank.ExecuteAsync(
            "insert into fraud.entity_history (kind, entity_key, history, spent_on) values (1, $1, $2, current_date)",
            broken.Caller.PartyId.ToString(System.Globalization.CultureInfo.InvariantCulture), new byte[] { 99 });

        var outcomes = await Task.WhenAll(customers.Select(each => bank.Writer.ExecutePaymentAsync(each.Caller, each.Payment, "key")));

        Assert.Equal(ErrorCodes.Unavailable, outcomes[2].Problem?.Code);
        Assert.All(outcomes.Where((_, i) => i != 2), outcome => Assert.Null(outcome.Problem));
        Assert.Equal(100_000, await bank.BalanceAsync(broken.Customer.Current));
        await bank.AssertLedgerIsSoundAsync();
    }

    [Fact]
    public async Task Execute_WhenCallerGoesAway_IsCarriedOut()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var payment = await bank.ApprovedRowAsync(customer, caller, 1_000);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bank.Writer.ExecutePaymentAsync(caller, payment, "key", gone.Token));
        var retried = await bank.Writer.ExecutePaymentAsync(caller, payment, "key");

        Assert.True(retried.Replayed);
        Assert.Equal(99_000, await bank.BalanceAsync(customer.Current));
    }

    [Fact]
    public async Task Execute_WithoutAVerifiedModel_IsRefusedAndNotReady()
    {
        await using var bank = await PaymentBank.OpenAsync(new() { ["Fraud:Models"] = "/nowhere" });
        var customer = await bank.CustomerAsync(100_000);
        var caller = await bank.CallerOfAsync(customer);
        var payment = await bank.ApprovedRowAsync(customer, caller, 1_000);

        var outcome = await bank.Writer.ExecutePaymentAsync(caller, payment, "key");
        using var http = bank.Host.CreateClient();
        using var ready = await http.GetAsync("health/ready");

        Assert.Equal(ErrorCodes.ScoringUnavailable, outcome.Problem?.Code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(100_000, await bank.BalanceAsync(customer.Current));
    }

    [Fact]
    public async Task Audit_OfEveryExecution_HashesToItsLeaf()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        using (await bank.ExecuteAsync(customer, await bank.ApprovedDirectlyAsync(customer, PaymentBank.To(customer, 1_000))))
        {
        }

        var rows = await bank.Host.WithDatabaseAsync(db => db.Set<AuditEvent>().AsNoTracking().ToListAsync());

        Assert.Contains(rows, row => row is { Action: "payment.execute", Outcome: "ok" });
        Assert.All(rows, row => Assert.Equal(
            AuditEvent.ComputeLeafHash(row.OccurredAt, row.Actor, row.OnBehalf, row.Action, row.Subject, row.Outcome, row.Correlation, row.Details), row.LeafHash));
    }

    [Fact]
    public async Task Draft_NamesTheFirstFaultInOrder()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(10_000);
        var good = PaymentBank.To(customer, 1_000);
        var stranger = await bank.CustomerAsync(0);
        (CreatePayment Request, string Code)[] faults =
        [
            (good with { CreditorAccountId = PublicId.Format(PublicId.Account, customer.Savings.PublicId) }, ErrorCodes.ValidationFailed),
            (good with { PayeeId = null }, ErrorCodes.ValidationFailed),
            (good with { RemittanceInformation = "a\u202Eb" }, ErrorCodes.ValidationFailed),
            (good with { InstructedAmount = new Money(0, Currency.Gbp) }, ErrorCodes.AmountNotPositive),
            (good with { InstructedAmount = new Money(-5, Currency.Gbp) }, ErrorCodes.AmountNotPositive),
            (good with { DebtorAccountId = PublicId.Format(PublicId.Account, stranger.Current.PublicId) }, ErrorCodes.AccountNotFound),
            (good with { PayeeId = stranger.ExternalPayee }, ErrorCodes.PayeeNotFound),
            (good with { InstructedAmount = new Money(1_000, Currency.Of("EUR")) }, ErrorCodes.CurrencyMismatch),
            (good with { PayeeId = null, CreditorAccountId = good.DebtorAccountId }, ErrorCodes.SameAccount),
            (good with { InstructedAmount = new Money(1_000_001, Currency.Gbp) }, ErrorCodes.LimitExceeded),
            (good with { InstructedAmount = new Money(10_001, Currency.Gbp) }, ErrorCodes.InsufficientFunds),
        ];
        foreach (var (request, code) in faults)
        {
            using var response = await bank.SendAsync(customer, HttpMethod.Post, "v1/payments", request, PaymentBank.NewKey());
            Assert.Equal(code, await PaymentBank.CodeOf(response));
        }

        using var withoutKey = await bank.SendAsync(customer, HttpMethod.Post, "v1/payments", good);
        Assert.Equal(ErrorCodes.IdempotencyKeyInvalid, await PaymentBank.CodeOf(withoutKey));
        Assert.Equal(0, await bank.ScalarAsync<long>("select count(*) from payment.payment"));
    }

    [Fact]
    public async Task Amend_AfterSubmit_VoidsTheApprovalAskedFor()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var payment = await bank.DraftAsync(customer, PaymentBank.To(customer, 5_000));
        var submitted = await bank.SubmitAsync(customer, payment.Id);

        using var amended = await bank.SendAsync(customer, HttpMethod.Patch, $"v1/payments/{payment.Id}", new AmendPayment(null, null, null, new Money(6_000, Currency.Gbp), null));
        Assert.Equal("draft", (await PaymentBank.PaymentOf(amended)).State);
        using var approval = await bank.SendAsync(
            customer, HttpMethod.Post, $"v1/authorizations/{submitted.AuthorizationId}/approve", new ApproveAuthorization("totp", bank.Host.NextCode(customer.User), null));
        Assert.Equal(ErrorCodes.AuthorizationNotPending, await PaymentBank.CodeOf(approval));
        using var executed = await bank.ExecuteAsync(customer, payment.Id);
        Assert.Equal(ErrorCodes.InvalidPaymentState, await PaymentBank.CodeOf(executed));
    }

    [Fact]
    public async Task Draft_UnderOneKey_IsOnePaymentHoweverOftenItIsSent()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var request = PaymentBank.To(customer, 5_000);

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bank.SendAsync(customer, HttpMethod.Post, "v1/payments", request, "draft-key")));
        using var other = await bank.SendAsync(customer, HttpMethod.Post, "v1/payments", request with { RemittanceInformation = "Other" }, "draft-key");

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Single((await Task.WhenAll(responses.Select(response => response.Content.ReadAsStringAsync()))).Distinct());
        Assert.Equal(1, await bank.ScalarAsync<long>("select count(*) from payment.payment"));
        Assert.Equal(ErrorCodes.IdempotencyKeyReused, await PaymentBank.CodeOf(other));
    }

    [Fact]
    public async Task Expire_WhenADayPassed_EndsTheDraft()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(100_000);
        var payment = await bank.DraftAsync(customer, PaymentBank.To(customer, 5_000));

        bank.Host.Clock.Advance(TimeSpan.FromHours(25));

        await Testing.Wait.UntilAsync(async () => await bank.ScalarAsync<string>("select state from payment.payment where public_id = $1", PaymentBank.IdOf(PublicId.Payment, payment.Id)) == "expired");
        Assert.Equal(1, await bank.ScalarAsync<long>("select count(*) from event.outbox where type = 'securebank.payment.state_changed.v1' and data ->> 'state' = 'expired'"));
    }
}
