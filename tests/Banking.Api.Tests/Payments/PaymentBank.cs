using System.Net.Http.Json;
using System.Text.Json;
using AppHost.Postgres;
using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Ledger;
using Banking.Api.Payees;
using Banking.Api.Payments;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Testing;

namespace Banking.Api.Tests.Payments;

/// <summary>A customer who is signed in, with two accounts and two payees: one at another bank, one at this bank.</summary>
internal sealed record PayingCustomer(TestUser User, HttpClient Http, OpenedAccount Current, OpenedAccount Savings, string ExternalPayee, string InternalPayee);

/// <summary>A bank under test with the fraud model that ships, and shortcuts for the ways a payment takes.</summary>
internal sealed class PaymentBank : IAsyncDisposable
{
    public const string ExternalIban = "GB33BUKB20201555555555";

    private PaymentBank(TestDatabase database, ApiHost host) => (Database, Host) = (database, host);

    public TestDatabase Database { get; }

    public ApiHost Host { get; }

    public IPostingWriter Writer => Host.Services.GetRequiredService<IPostingWriter>();

    public static Dictionary<string, string?> Settings() => new()
    {
        ["Fraud:Models"] = RepositoryFolder.Combine("models", "fraud"),
        ["RateLimits:User:Burst"] = "1000000",
        ["RateLimits:User:PerSecond"] = "1000000",
        ["RateLimits:Address:Burst"] = "1000000",
        ["RateLimits:Address:PerSecond"] = "1000000",
    };

    public static async Task<PaymentBank> OpenAsync(Dictionary<string, string?>? settings = null, Action<IServiceCollection>? services = null)
    {
        var all = Settings();
        foreach (var (key, value) in settings ?? [])
        {
            all[key] = value;
        }

        var database = await ApiHost.CreateDatabaseAsync();
        return new PaymentBank(database, await ApiHost.StartAsync(database, all, services));
    }

    /// <summary>A bank on a server of the test's own, which may be killed.</summary>
    public static async Task<PaymentBank> OpenOnAsync(PostgresCluster server)
    {
        var database = await TestDatabase.CreateAsync(cluster: server);
        await BankingApi.ApplyMigrationsAsync(database.OwnerConnectionString, "bank_app");
        return new PaymentBank(database, await ApiHost.StartAsync(database, Settings()));
    }

    public async Task<PayingCustomer> CustomerAsync(long balanceMinor = 1_000_000)
    {
        var user = await Host.CreateCustomerAsync();
        var http = await Host.SignInAsync(user);
        var admin = Host.Services.GetRequiredService<ILedgerAdmin>();
        var partyId = user.Keys.PartyId;
        var current = await admin.OpenAccountAsync(new OpenAccount([(partyId, "owner")], "current", Currency.Gbp, "Current account"));
        var savings = await admin.OpenAccountAsync(new OpenAccount([(partyId, "owner")], "savings", Currency.Gbp, "Savings"));
        if (balanceMinor > 0)
        {
            var opened = await Writer.PostMovementAsync(new Movement(MovementKind.Opening, current.Iban, new Money(balanceMinor, Currency.Gbp), "Opening balance", "income"));
            Assert.Null(opened.Problem);
        }

        var other = await Host.CreateCustomerAsync();
        var otherAccount = await admin.OpenAccountAsync(new OpenAccount([(other.Keys.PartyId, "owner")], "current", Currency.Gbp, "Current account"));
        return new PayingCustomer(
            user, http, current, savings,
            await PayeeAsync(partyId, "Riverside Plumbing", ExternalIban), await PayeeAsync(partyId, "Person of this bank", otherAccount.Iban));
    }

    /// <summary>A payee known for a year and paid before, so that nothing about it is new.</summary>
    public async Task<string> PayeeAsync(long partyId, string name, string iban)
    {
        var id = PublicId.NewValue(Host.Clock);
        await ExecuteAsync(
            "insert into payment.payee (public_id, party_id, name, iban, created_at, payments_count) values ($1, $2, $3, $4, $5, 12)",
            id, partyId, name, iban, Host.Clock.GetUtcNow().AddDays(-365));
        return PublicId.Format(PublicId.Payee, id);
    }

    public async Task<HttpResponseMessage> SendAsync(PayingCustomer customer, HttpMethod method, string path, object? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: BankingApiClient.Json) };
        if (key is not null)
        {
            request.Headers.Add(ApiHeaders.IdempotencyKey, key);
        }

        return await customer.Http.SendAsync(request);
    }

    public static CreatePayment To(PayingCustomer customer, long amountMinor, string? payee = null, string? reference = "Invoice 7") => new(
        PublicId.Format(PublicId.Account, customer.Current.PublicId), payee ?? customer.ExternalPayee, null, new Money(amountMinor, Currency.Gbp), reference);

    public async Task<Payment> DraftAsync(PayingCustomer customer, CreatePayment request)
    {
        using var response = await SendAsync(customer, HttpMethod.Post, "v1/payments", request, NewKey());
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<Payment>(BankingApiClient.Json))!;
    }

    public async Task<Payment> SubmitAsync(PayingCustomer customer, string paymentId)
    {
        using var response = await SendAsync(customer, HttpMethod.Post, $"v1/payments/{paymentId}/submit");
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<Payment>(BankingApiClient.Json))!;
    }

    /// <summary>Drafts, submits and approves with a one-time code.</summary>
    public async Task<Payment> ApprovedAsync(PayingCustomer customer, CreatePayment request)
    {
        var payment = await DraftAsync(customer, request);
        payment = await SubmitAsync(customer, payment.Id);
        await Host.ApproveWithTotpAsync(customer.Http, customer.User, payment.AuthorizationId!);
        return payment;
    }

    /// <summary>
    /// Drafts, submits and approves without anybody: the rows that those steps leave, made directly, for tests that need many approvals.
    /// </summary>
    public async Task<string> ApprovedDirectlyAsync(PayingCustomer customer, CreatePayment request)
    {
        var payment = await DraftAsync(customer, request);
        payment = await SubmitAsync(customer, payment.Id);
        await ExecuteAsync(
            """
            with approved as (
                update identity."authorization" set state = 'approved', approved_at = $2, method = 'totp', expires_at = $2 + interval '1 hour'
                where public_id = $1 returning subject_id)
            update payment.payment set state = 'approved', version = version + 1 where id = (select subject_id from approved)
            """,
            IdOf(PublicId.Authorization, payment.AuthorizationId!), Host.Clock.GetUtcNow());
        return payment.Id;
    }

    public Task<HttpResponseMessage> ExecuteAsync(PayingCustomer customer, string paymentId, string? key = null) =>
        SendAsync(customer, HttpMethod.Post, $"v1/payments/{paymentId}/execute", null, key ?? NewKey());

    public static string NewKey() => Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(12));

    public static Guid IdOf(string prefix, string id) => PublicId.TryParse(id, prefix, out var value) ? value : throw new ArgumentException($"{id} is no {prefix}.", nameof(id));

    public static async Task<Payment> PaymentOf(HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<Payment>(BankingApiClient.Json))!;
    }

    public static async Task<string> CodeOf(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.False(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("code").GetString()!;
    }

    /// <summary>Looks, or breaks things, as the superuser.</summary>
    public async Task<int> ExecuteAsync(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.SuperuserConnectionString);
        await connection.OpenAsync();
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.SuperuserConnectionString);
        await connection.OpenAsync();
        await using var command = Command(connection, sql, values);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task<long> BalanceAsync(OpenedAccount account) => ScalarAsync<long>("select balance from ledger.account where id = $1", account.Id);

    /// <summary>What must hold whatever happened: entries balance, balances are the sums of postings, nobody is overdrawn.</summary>
    public async Task AssertLedgerIsSoundAsync()
    {
        Assert.Equal(0, await ScalarAsync<long>("select count(*) from (select entry_id from ledger.posting group by entry_id, currency having sum(amount) <> 0) x"));
        Assert.Equal(0, await ScalarAsync<long>(
            "select count(*) from ledger.account a where a.balance <> coalesce((select sum(p.amount) from ledger.posting p where p.account_id = a.id), 0)"));
        Assert.Equal(0, await ScalarAsync<long>(
            "select count(*) from ledger.account a where a.type in ('current', 'savings') and a.balance - a.reserved < -a.overdraft_limit"));
        Assert.Equal(0, await ScalarAsync<long>(
            "select count(*) from ledger.account a where a.reserved <> coalesce((select sum(p.amount) from payment.payment p where p.debtor_account_id = a.id and p.state = 'held'), 0)"));
        Assert.Equal(0, await ScalarAsync<long>(
            "select count(*) from payment.payment p where (p.state = 'executed') <> exists (select from ledger.journal_entry e where e.payment_id = p.id)"));
        Assert.Equal(0, await ScalarAsync<long>(
            """
            select count(*) from (
                select p.balance_after - sum(p.amount) over (partition by p.account_id order by p.id) as difference from ledger.posting p) x
            where difference <> 0
            """));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] values)
    {
#pragma warning disable CA2100 // Tests' own statements.
        var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }
}
