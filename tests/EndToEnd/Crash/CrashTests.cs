using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using AppHost.Postgres;
using Banking.Client;
using EndToEnd.Bank;
using Npgsql;
using Testing;

namespace EndToEnd.Crash;

/// <summary>
/// The real bank under load loses one process after the other to SIGKILL, at moments nobody chose. Nothing is left running, it starts again
/// on the same data, and whatever it had acknowledged is there exactly once; what it had not is done once or not at all, and can be repeated.
/// </summary>
[Collection(nameof(CrashTests))]
[CollectionDefinition(nameof(CrashTests), DisableParallelization = true)]
public sealed class CrashTests(ITestOutputHelper output)
{
    private const string SeedVariable = "SECUREBANK_CRASH_SEED";
    private const string Database = "PostgreSQL";
    private const string Host = "AppHost";

    private static readonly string[] Customers = ["amelia", "daniel", "priya"];
    private static readonly TimeSpan LoadTimeout = TimeSpan.FromMinutes(2);

    private readonly List<PaymentLoad> _payments = [];
    private readonly List<ChatLoad> _chats = [];

    [Fact]
    public async Task Bank_WhenEachOfItsProcessesIsKilledUnderLoad_LosesAndDoublesNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: processes are found below /proc");
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given) ? given : RandomNumberGenerator.GetInt32(int.MaxValue);
        output.WriteLine($"{SeedVariable}={seed.ToString(CultureInfo.InvariantCulture)} repeats this run's choices.");
        var random = new Random(seed);

        await using var bank = await HostedBank.StartAsync();
        var customers = await Task.WhenAll(Customers.Select(async user =>
        {
            var customer = await SignedInCustomer.SignInAsync(bank, user);
            await customer.RegisterPasskeyAsync();
            return customer;
        }));
        var before = await ReadBooksAsync(bank);
        string[] victims = [HostedBank.BankingApi, HostedBank.AssistantBot, HostedBank.BankWeb, Database, Host];
        random.Shuffle(victims);
        foreach (var victim in victims)
        {
            await CrashAsync(bank, customers, victim, random);
            await CheckMoneyAsync(bank, before, victim);
        }

        await Task.WhenAll(_chats.Select(chat => chat.CheckAsync()));
        await CheckDraftsAsync();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{victims.Length} crashes; {_payments.Sum(load => load.Attempts.Count)} payments, {_payments.Sum(load => load.Acknowledged)} acknowledged; {_chats.Sum(chat => chat.Answered)} answers seen while it ran."));
        _chats.ForEach(chat => chat.Dispose());
        Array.ForEach(customers, customer => customer.Dispose());
    }

    private async Task CrashAsync(HostedBank bank, IReadOnlyList<SignedInCustomer> customers, string victim, Random random)
    {
        var payments = new List<PaymentLoad>();
        var chats = new List<ChatLoad>();
        foreach (var customer in customers)
        {
            var requests = await RequestsOfAsync(customer);
            for (var i = 0; i < 2; i++)
            {
                payments.Add(new PaymentLoad(customer, requests, $"{victim}-{customer.User}-{i.ToString(CultureInfo.InvariantCulture)}", random.Next()));
            }

            await payments[^1].ParkAsync();

            for (var i = 0; i < 2; i++)
            {
                chats.Add(await ChatLoad.OpenAsync(bank, customer, $"Pay Maya Okafor {AmountOfDraft(_chats.Count + chats.Count)}"));
            }
        }

        _payments.AddRange(payments);
        _chats.AddRange(chats);
        var paidBefore = payments.Sum(payment => payment.Acknowledged) + random.Next(6, 15);
        var load = Task.WhenAll([.. payments.Select(payment => payment.RunAsync()), .. chats.Select(chat => chat.RunAsync())]);
        var answeredBefore = random.Next(2, 9);
        await Wait.UntilAsync(
            () => load.IsCompleted || (payments.Sum(payment => payment.Acknowledged) >= paidBefore && chats.Sum(chat => chat.Answered) >= answeredBefore),
            LoadTimeout,
            $"{paidBefore} payments and {answeredBefore} answers before {victim} dies");
        Assert.False(load.IsCompleted, $"The load ended before {victim} was killed: {load.Exception}\n{bank.Logs()}");
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(300)));

        var hostTree = ProcessTable.TreeOf(bank.HostProcessId);
        var serverTree = ProcessTable.TreeOf(await bank.ServerProcessIdAsync());
        foreach (var process in VictimsOf(victim, hostTree, serverTree))
        {
            process.Kill();
        }

        var exitCode = await bank.HostExitAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{victim} killed after {payments.Sum(payment => payment.Acknowledged)} payments and {chats.Sum(chat => chat.Answered)} answers."));
        if (victim != Host)
        {
            Assert.Equal(1, exitCode);
            Assert.Contains(victim == Database ? "The database server ended" : $"{victim} ended with exit code 137", bank.Output, StringComparison.Ordinal);
        }

        await Wait.UntilAsync(() => !hostTree.Concat(serverTree).Any(process => process.IsAlive), description: $"nothing is left after {victim} died");
        foreach (var address in new[] { bank.Web, bank.Api, bank.Assistant })
        {
            using var listener = new TcpListener(IPAddress.Loopback, address.Port);
            listener.Start();
        }

        await load;
        await bank.StartAgainAsync();

        await Task.WhenAll(payments.Select(async payment =>
        {
            foreach (var attempt in payment.Attempts)
            {
                await payment.CheckRepetitionsAsync(attempt);
                Assert.True(await payment.AdvanceAsync(attempt), $"{attempt.ExecuteKey} could not be taken to its end.\n{bank.Logs()}");
            }
        }));

        var verified = await bank.VerifyAsync();
        Assert.True(verified.ExitCode == 0, verified.Text);
    }

    private static IEnumerable<RunningProcess> VictimsOf(string victim, IReadOnlyList<RunningProcess> hostTree, IReadOnlyList<RunningProcess> serverTree) => victim switch
    {
        Host => [hostTree[0]],
        // The server first, or it would start what it lost again.
        Database => serverTree,
        _ => [hostTree.Single(process => process.ParentId == hostTree[0].Id && process.CommandLine.Contains($"/{victim}.dll", StringComparison.Ordinal))],
    };

    // Between the customer's own accounts, and to another customer of the bank.
    private static async Task<IReadOnlyList<CreatePayment>> RequestsOfAsync(SignedInCustomer customer)
    {
        var accounts = SignedInCustomer.Succeeded(await customer.Api.ListAccountsAsync(customer.Call()));
        var current = accounts.Single(account => account.Name == "Everyday account");
        var savings = accounts.Single(account => account.Type == "savings");
        var payee = SignedInCustomer.Succeeded(await customer.Api.ListPayeesAsync(customer.Call())).First(payee => payee.Name is "Priya Nair" or "Amelia Hart");
        var none = Money.Zero(Currency.Gbp);
        return
        [
            new CreatePayment(current.Id, PayeeId: null, savings.Id, none, null),
            new CreatePayment(savings.Id, PayeeId: null, current.Id, none, null),
            new CreatePayment(current.Id, payee.Id, CreditorAccountId: null, none, null),
        ];
    }

    /// <summary>What the books must say, worked out from what was acknowledged, against what they say.</summary>
    private async Task CheckMoneyAsync(HostedBank bank, Books before, string victim)
    {
        var attempts = _payments.SelectMany(load => load.Attempts).ToList();
        var executed = attempts.Where(attempt => attempt.Executed!.State == "executed").Select(attempt => attempt.Executed!).ToList();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"After {victim}: {attempts.Count} payments, {executed.Count} executed."));
        var expected = new Dictionary<string, long>(before.Balances, StringComparer.Ordinal);
        foreach (var payment in executed)
        {
            expected[payment.Debtor.Iban] -= payment.InstructedAmount.MinorUnits;
            expected[payment.Creditor.Iban] += payment.InstructedAmount.MinorUnits;
        }

        var now = await ReadBooksAsync(bank);
        Assert.Equal(expected, now.Balances);
        Assert.Equal(before.Entries + executed.Count, now.Entries);
        Assert.Equal(before.WebPayments + attempts.Count, now.WebPayments);
        foreach (var load in _payments)
        {
            foreach (var attempt in load.Attempts)
            {
                var kept = SignedInCustomer.Succeeded(await load.Customer.Api.GetPaymentAsync(attempt.Executed!.Id, load.Customer.Call()));
                Assert.Equal(attempt.Executed.State, kept.State);
            }
        }

        await using var connection = await bank.OpenDatabaseAsync(DatabaseLayout.Bank);
        await using var entries = new NpgsqlCommand(
            """
            select p.public_id, count(e.id) from payment.payment p left join ledger.journal_entry e on e.payment_id = p.id
             where p.public_id = any($1) group by p.public_id having count(e.id) <> 1
            """,
            connection)
        {
            Parameters = { new() { Value = executed.Select(payment => PublicId.TryParse(payment.Id, PublicId.Payment, out var id) ? id : Guid.Empty).ToArray() } },
        };
        Assert.Null(await entries.ExecuteScalarAsync());
    }

    /// <summary>A message that asked for a payment prepared it at most once, however often it was repeated and resumed.</summary>
    private async Task CheckDraftsAsync()
    {
        var drafted = 0;
        for (var i = 0; i < _chats.Count; i++)
        {
            var customer = _chats[i].Customer;
            var found = SignedInCustomer.Succeeded(await customer.Api.ListPaymentsAsync(state: null, _chats[i].ConversationId, cursor: null, limit: null, customer.Call())).Items;
            Assert.True(found.Count <= 1, $"{_chats[i].ConversationId} prepared {found.Count} payments.");
            Assert.All(found, payment => Assert.Equal(AmountOfDraft(i), payment.InstructedAmount.Amount));
            drafted += found.Count;
        }

        Assert.True(drafted > 0, "No conversation prepared a payment: the load does not do what it should.");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_chats.Count} conversations prepared {drafted} payments."));
    }

    private static string AmountOfDraft(int conversation) => string.Create(CultureInfo.InvariantCulture, $"{5 + conversation}.{10 + conversation}");

    private static async Task<Books> ReadBooksAsync(HostedBank bank)
    {
        await using var connection = await bank.OpenDatabaseAsync(DatabaseLayout.Bank);
        var balances = new Dictionary<string, long>(StringComparer.Ordinal);
        await using (var query = new NpgsqlCommand("select iban, balance from ledger.account", connection))
        await using (var rows = await query.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                balances.Add(rows.GetString(0), rows.GetInt64(1));
            }
        }

        await using var counts = new NpgsqlCommand("select (select count(*) from ledger.journal_entry), (select count(*) from payment.payment where channel = 'web')", connection);
        await using var row = await counts.ExecuteReaderAsync();
        await row.ReadAsync();
        return new Books(balances, row.GetInt64(0), row.GetInt64(1));
    }

    /// <summary>Balances by IBAN in minor units, journal entries, and payments that customers began on the pages.</summary>
    private sealed record Books(Dictionary<string, long> Balances, long Entries, long WebPayments);
}
