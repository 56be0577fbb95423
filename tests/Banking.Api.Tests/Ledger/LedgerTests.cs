using Banking.Api.Ledger;
using Banking.Api.Tests.Hosting;
using Banking.Api.Tests.Payments;
using Banking.Client;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Api.Tests.Ledger;

/// <summary>What the ledger guarantees whoever writes to it.</summary>
public sealed class LedgerTests
{
    [Fact]
    public async Task History_CannotBeChanged_NeitherByTheServiceNorByTheOwner()
    {
        await using var bank = await PaymentBank.OpenAsync();
        await bank.CustomerAsync(100_000);
        string[] attempts =
        [
            "update ledger.posting set amount = amount",
            "delete from ledger.posting",
            "update ledger.journal_entry set reference = 'x'",
            "delete from ledger.journal_entry",
            "update audit.event set outcome = 'ok'",
            "delete from audit.event",
            "delete from audit.seal",
            "delete from fraud.decision",
        ];
        foreach (var attempt in attempts)
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RefusalAsync(bank.Database.AppConnectionString, attempt));
            Assert.Equal("23001", await RefusalAsync(bank.Database.OwnerConnectionString, attempt));
        }

        Assert.Equal("23001", await RefusalAsync(bank.Database.OwnerConnectionString, "truncate ledger.posting"));
        Assert.Equal("23001", await RefusalAsync(bank.Database.OwnerConnectionString, "truncate audit.event"));
    }

    [Fact]
    public async Task Service_CannotWriteMoneyExceptThroughThePostingFunction()
    {
        await using var bank = await PaymentBank.OpenAsync();
        await bank.CustomerAsync(100_000);
        string[] attempts =
        [
            "insert into ledger.journal_entry (public_id, kind, booking_date, value_date, posted_at) values (gen_random_uuid(), 'deposit', now(), now(), now())",
            "insert into ledger.posting (public_id, entry_id, account_id, amount, currency, balance_after, booking_date, counterparty, category) values (gen_random_uuid(), 1, 1, 1, 'GBP', 1, now(), '', '')",
            "update ledger.account set balance = balance + 1",
            "update ledger.account set reserved = 0",
            "insert into ledger.account (public_id, iban, name, type, currency, opened_at, balance) values (gen_random_uuid(), 'X', 'X', 'current', 'GBP', now(), 5)",
            "update fraud.entity_history set spent_amount = 0",
            "create table ledger.own (id int)",
        ];
        foreach (var attempt in attempts)
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RefusalAsync(bank.Database.AppConnectionString, attempt));
        }
    }

    [Theory]
    [InlineData("(1, 'GBP'), (-2, 'GBP')")]
    [InlineData("(5, 'GBP')")]
    [InlineData("(5, 'EUR'), (-5, 'EUR')")]
    public async Task Postings_ThatDoNotBalanceInTheAccountsCurrency_AreRefusedEvenFromTheOwner(string postings)
    {
        await using var bank = await PaymentBank.OpenAsync();
        await bank.CustomerAsync(100_000);
        var sql =
            $"""
            insert into ledger.posting (public_id, entry_id, account_id, amount, currency, balance_after, booking_date, counterparty, category)
            select gen_random_uuid(), (select max(id) from ledger.journal_entry), (select id from ledger.account where type = 'cash'), x.amount, x.currency, 0, now(), '', ''
            from (values {postings}) x (amount, currency)
            """;

        Assert.Equal(PostgresErrorCodes.CheckViolation, await RefusalAsync(bank.Database.OwnerConnectionString, sql));
    }

    [Fact]
    public async Task TwoWriters_OnOneDatabase_AgreeWithoutDeadlocks()
    {
        await using var bank = await PaymentBank.OpenAsync();
        await using var second = await ApiHost.StartAsync(bank.Database, PaymentBank.Settings(), clock: bank.Host.Clock);
        IPostingWriter[] writers = [bank.Writer, second.Services.GetRequiredService<IPostingWriter>()];
        var customers = new List<PayingCustomer>();
        for (var i = 0; i < 4; i++)
        {
            customers.Add(await bank.CustomerAsync(1_000_000));
        }

        var work = new List<Task<PaymentOutcome>>();
        foreach (var customer in customers)
        {
            var caller = await bank.CallerOfAsync(customer);
            for (var i = 0; i < 30; i++)
            {
                var payment = await bank.ApprovedRowAsync(customer, caller, 100, toSavings: i % 3 == 0);
                // Each payment goes to both writers, under one key or under two.
                work.Add(writers[0].ExecutePaymentAsync(caller, payment, "a" + payment.ToString("N")));
                work.Add(writers[1].ExecutePaymentAsync(caller, payment, (i % 2 == 0 ? "a" : "b") + payment.ToString("N")));
            }
        }

        var outcomes = await Task.WhenAll(work);

        Assert.All(outcomes, outcome => Assert.True(outcome.Body is not null || outcome.Problem?.Code == ErrorCodes.InvalidPaymentState, outcome.Problem?.Code));
        Assert.Equal(0, await bank.ScalarAsync<long>("select count(*) from payment.payment where state not in ('executed', 'held')"));
        Assert.Equal(120, await bank.ScalarAsync<long>("select count(*) from payment.idempotency"));
        Assert.Equal(120, await bank.ScalarAsync<long>("select count(*) from fraud.decision"));
        await bank.AssertLedgerIsSoundAsync();
    }

    [Fact]
    public async Task Ledger_AfterAnySequenceOfCommands_IsSound()
    {
        await using var bank = await PaymentBank.OpenAsync();
        var customer = await bank.CustomerAsync(50_000);
        var caller = await bank.CallerOfAsync(customer);
        var sequences = Gen.ArrayOf(Gen.Choose(0, 5).SelectMany(kind => Gen.Choose(1, 40_000).Select(amount => (Kind: kind, Amount: (long)amount))));

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(12).WithEndSize(25),
            Prop.ForAll(sequences.ToArbitrary(), commands => RunAsync(bank, customer, caller, commands).GetAwaiter().GetResult()));
    }

    private static async Task<bool> RunAsync(PaymentBank bank, PayingCustomer customer, Banking.Api.Identity.Caller caller, (int Kind, long Amount)[] commands)
    {
        var expected = await bank.ScalarAsync<long>("select sum(balance)::bigint from ledger.account where id in ($1, $2)", customer.Current.Id, customer.Savings.Id);
        var running = new List<Task>();
        var keys = new List<(Guid Payment, string Key)>();
        long cash = 0;
        foreach (var (kind, amount) in commands)
        {
            switch (kind)
            {
                case 0 or 1:
                    var payment = await bank.ApprovedRowAsync(customer, caller, amount, toSavings: kind == 1);
                    keys.Add((payment, payment.ToString("N")));
                    running.Add(bank.Writer.ExecutePaymentAsync(caller, payment, payment.ToString("N")));
                    break;
                case 2 when keys.Count > 0:
                    var (again, key) = keys[(int)(amount % keys.Count)];
                    running.Add(bank.Writer.ExecutePaymentAsync(caller, again, key));
                    break;
                case 3:
                    var deposit = await bank.Writer.PostMovementAsync(new Movement(MovementKind.Deposit, customer.Current.Iban, new Money(amount, Currency.Gbp), "Cash", "income"));
                    cash += deposit.Receipt!.Amount.MinorUnits;
                    break;
                case 4:
                    var withdrawal = await bank.Writer.PostMovementAsync(new Movement(MovementKind.Withdrawal, customer.Current.Iban, new Money(amount, Currency.Gbp), "Cash", "cash"));
                    Assert.True(withdrawal.Receipt is not null || withdrawal.Problem?.Code == ErrorCodes.InsufficientFunds);
                    cash -= withdrawal.Receipt?.Amount.MinorUnits ?? 0;
                    break;
                case 5 when await bank.ScalarAsync<long>("select count(*) from payment.payment where state = 'held'") > 0:
                    var held = await bank.ScalarAsync<Guid>("select public_id from payment.payment where state = 'held' limit 1");
                    using (await bank.SendAsync(customer, HttpMethod.Post, $"v1/payments/{PublicId.Format(PublicId.Payment, held)}/cancel"))
                    {
                    }

                    break;
            }
        }

        await Task.WhenAll(running);
        await bank.AssertLedgerIsSoundAsync();
        var paid = keys.Count == 0
            ? 0
            : await bank.ScalarAsync<long>(
                "select coalesce(sum(amount), 0)::bigint from payment.payment where public_id = any($1) and state = 'executed' and creditor_account_id is null", keys.Select(each => each.Payment).ToArray());
        var total = await bank.ScalarAsync<long>("select sum(balance)::bigint from ledger.account where id in ($1, $2)", customer.Current.Id, customer.Savings.Id);
        return total == expected + cash - paid;
    }

    private static async Task<string?> RefusalAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // Tests' own statements.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return (await Assert.ThrowsAnyAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    }
}
