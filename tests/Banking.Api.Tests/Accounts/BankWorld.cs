using System.Net.Http.Json;
using Banking.Api.Ledger;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Testing;

namespace Banking.Api.Tests.Accounts;

/// <summary>A bank of its own for a test class: a migrated database, the service on it, and ways to arrange what customers have.</summary>
public sealed class BankWorld : IAsyncLifetime
{
    private ApiHost? _host;
    private TestDatabase? _database;

    public ApiHost Host => _host!;

    public TestDatabase Database => _database!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        // The tests that look at seals seal by themselves.
        _host = await ApiHost.StartAsync(_database, new Dictionary<string, string?>
        {
            ["Audit:Sealing"] = "false",
            ["Fraud:Models"] = RepositoryFolder.Combine("models", "fraud"),
            ["RateLimits:User:Burst"] = "100000",
            ["RateLimits:User:PerSecond"] = "100000",
            ["RateLimits:Address:Burst"] = "100000",
            ["RateLimits:Address:PerSecond"] = "100000",
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    /// <summary>A customer with a current account, signed in.</summary>
    public async Task<Customer> CreateCustomerAsync(string? name = null)
    {
        var user = await Host.CreateCustomerAsync(name);
        var account = await OpenAccountAsync("current", "Everyday account", user);
        return new Customer(this, user, account, await Host.SignInAsync(user));
    }

    /// <summary>A signed-in member of staff.</summary>
    public async Task<(TestUser User, HttpClient Http)> CreateStaffAsync(string role)
    {
        var user = await Host.CreateUserAsync(null, role);
        return (user, await Host.SignInAsync(user));
    }

    public async Task<OpenedAccount> OpenAccountAsync(string type, string name, params TestUser[] holders)
    {
        await using var scope = Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ILedgerAdmin>().OpenAccountAsync(
            new OpenAccount([.. holders.Select((holder, index) => (holder.Keys.PartyId, index == 0 ? "owner" : "co_owner"))], type, Currency.Gbp, name));
    }

    /// <summary>Money from or to elsewhere, through the posting path; the clock moves on by a second.</summary>
    public async Task MoveAsync(OpenedAccount account, MovementKind kind, string amount, string counterparty = "Somebody", string category = "other", string? reference = null)
    {
        Host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(MoneyFault.None, Money.TryParse(amount, "GBP", out var money));
        var outcome = await Host.Services.GetRequiredService<IPostingWriter>().PostMovementAsync(
            new Movement(kind, account.Iban, money, counterparty, category) { Reference = reference, At = Host.Clock.GetUtcNow() });
        Assert.Null(outcome.Problem);
    }

    /// <summary>The assistant's narrowed token of a customer's session, bound to a conversation.</summary>
    public async Task<HttpClient> DelegateAsync(Customer customer, string conversation = "conv-1", string turn = "turn-1", string toolCall = "call-1")
    {
        var grant = await new BankingApiClient(customer.Http).CreateDelegationGrantAsync(new CreateDelegationGrant(conversation), CallContext.None);
        Assert.True(grant.Succeeded, grant.Problem?.ToString());
        using var assistant = Host.CreateClientOf("assistant");
        var token = await new BankingApiClient(assistant).RedeemGrantAsync(grant.Value.Grant);
        Assert.True(token.Succeeded, token.Problem?.ToString());
        var http = Host.CreateClientWith(token.Value.AccessToken);
        http.DefaultRequestHeaders.Add(ApiHeaders.ConversationId, conversation);
        http.DefaultRequestHeaders.Add(ApiHeaders.TurnId, turn);
        http.DefaultRequestHeaders.Add(ApiHeaders.ToolCallId, toolCall);
        return http;
    }

    /// <summary>One value from the database, as the superuser.</summary>
    public async Task<T?> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(Database.SuperuserConnectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // Tests write their own SQL.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? (T)value : default;
    }
}

/// <summary>A customer of a test.</summary>
public sealed record Customer(BankWorld World, TestUser User, OpenedAccount Current, HttpClient Http)
{
    public BankingApiClient Api { get; } = new(Http);

    public string CurrentId => PublicId.Format(PublicId.Account, Current.PublicId);

    /// <summary>Saves a payee with approval.</summary>
    public async Task<Payee> SavePayeeAsync(string name, string iban)
    {
        var request = new CreatePayee(name, iban, null);
        var challenge = await Api.AddPayeeAsync(request, CallContext.None);
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, challenge.Problem?.Code);
        var authorization = challenge.Problem!.Text("authorizationId")!;
        await World.Host.ApproveWithTotpAsync(Http, User, authorization);
        var saved = await Api.AddPayeeAsync(request with { AuthorizationId = authorization }, CallContext.None);
        Assert.True(saved.Succeeded, saved.Problem?.ToString());
        return saved.Value;
    }
}

/// <summary>Reads the stable code of an error.</summary>
internal static class ProblemReading
{
    public static async Task<string?> CodeAsync(this HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>();
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        return problem.GetProperty("code").GetString();
    }
}
