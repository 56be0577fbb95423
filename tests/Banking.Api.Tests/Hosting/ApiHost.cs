using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Testing;

namespace Banking.Api.Tests.Hosting;

/// <summary>A user of a test, with everything they know and own.</summary>
public sealed record TestUser(string UserName, string Password, byte[] TotpSecret, CreatedUser Keys)
{
    /// <summary>The cookie id of the device they use.</summary>
    public string DeviceId { get; init; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Public id (<c>usr_</c>).</summary>
    public string Id => PublicId.Format(PublicId.User, Keys.UserPublicId);
}

/// <summary>
/// The bank's API as a process would run it: Kestrel on a loopback port, the serving role's connection, real PostgreSQL, a clock that moves when told.
/// </summary>
/// <example>
/// <code>
/// await using var database = await ApiHost.CreateDatabaseAsync();
/// await using var host = await ApiHost.StartAsync(database);
/// var user = await host.CreateCustomerAsync();
/// using var client = await host.SignInAsync(user);
/// </code>
/// </example>
public sealed class ApiHost : IAsyncDisposable
{
    /// <summary>The origin of the pages, as allowed for passkeys.</summary>
    public const string Origin = "http://localhost:5080";

    private readonly WebApplication _app;
    private int _users;

    private ApiHost(WebApplication app, FakeTimeProvider clock, Uri address) => (_app, Clock, Address) = (app, clock, address);

    /// <summary>The API's clock.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The service's own parts, for arranging what no endpoint offers.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>The secret of a client (<c>web</c>, <c>assistant</c>) in tests.</summary>
    public static string ClientSecretOf(string client) => $"{client}-client-secret-of-the-tests-0123456789";

    /// <summary>A migrated database of its own.</summary>
    public static Task<TestDatabase> CreateDatabaseAsync() =>
        TestDatabase.FromTemplateAsync("api", owner => BankingApi.ApplyMigrationsAsync(owner, "bank_app"));

    /// <summary>Starts the API on a migrated database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="settings">Settings that differ from the usual ones.</param>
    /// <param name="services">Services that replace or join the usual ones.</param>
    /// <param name="clock">The clock to use; one of its own when not given.</param>
    public static async Task<ApiHost> StartAsync(
        TestDatabase database, IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? services = null, FakeTimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(database);
        var time = clock ?? new FakeTimeProvider();
        var app = BankingApi.Build(["--environment=Development"], builder =>
        {
            builder.Configuration.Sources.Clear();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ConnectionStrings:Bank"] = database.AppConnectionString,
                ["Encryption:MasterKey"] = Convert.ToBase64String(SHA256.HashData("test master key"u8)),
                ["Clients:web:Secret"] = ClientSecretOf("web"),
                ["Clients:assistant:Secret"] = ClientSecretOf("assistant"),
                ["Passkeys:RelyingPartyId"] = "localhost",
                ["Passkeys:Origins:0"] = Origin,
                ["Bank:TimeZone"] = "Europe/London",
                ["Logging:LogLevel:Default"] = "Warning",
            });
            builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time));
            services?.Invoke(builder.Services);
        });
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new ApiHost(app, time, new Uri(address));
    }

    /// <summary>Makes a customer.</summary>
    public Task<TestUser> CreateCustomerAsync(string? displayName = null) => CreateUserAsync(displayName, Roles.Customer);

    /// <summary>Makes a user with roles.</summary>
    public async Task<TestUser> CreateUserAsync(string? displayName, params string[] roles)
    {
        var number = Interlocked.Increment(ref _users);
        var name = $"user{number}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var password = "orchid kettle " + RandomNumberGenerator.GetHexString(12);
        var secret = RandomNumberGenerator.GetBytes(Totp.SecretLength);
        await using var scope = Services.CreateAsyncScope();
        var outcome = await scope.ServiceProvider.GetRequiredService<IIdentityAdmin>().CreateUserAsync(
            scope.ServiceProvider.GetRequiredService<BankDbContext>(), new NewUser(name, displayName ?? $"Person {number}", password, roles, secret));
        return new TestUser(name, password, secret, Assert.IsType<CreateUserOutcome.Created>(outcome).User);
    }

    /// <summary>A client without any credential.</summary>
    public HttpClient CreateClient() => new() { BaseAddress = Address };

    /// <summary>A client with the credential of one of our processes: <c>web</c> or <c>assistant</c>.</summary>
    public HttpClient CreateClientOf(string clientId)
    {
        var http = CreateClient();
        BankingApiClient.AddClientCredential(http, clientId, ClientSecretOf(clientId));
        return http;
    }

    /// <summary>A client that carries a token.</summary>
    public HttpClient CreateClientWith(string accessToken)
    {
        var http = CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return http;
    }

    /// <summary>Signs in with password and code; the client carries the session's token.</summary>
    public async Task<HttpClient> SignInAsync(TestUser user) => CreateClientWith((await OpenSessionAsync(user)).AccessToken);

    /// <summary>Signs in with password and code.</summary>
    public async Task<SignInResult> OpenSessionAsync(TestUser user)
    {
        ArgumentNullException.ThrowIfNull(user);
        using var http = CreateClientOf("web");
        var api = new BankingApiClient(http);
        var first = await api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, new DeviceInfo(user.DeviceId, "Test browser", "192.0.2.1")));
        Assert.True(first.Succeeded, first.Problem?.ToString());
        var second = await api.SignInWithTotpAsync(new TotpSignIn(first.Value.Ticket, NextCode(user)));
        Assert.True(second.Succeeded, second.Problem?.ToString());
        return second.Value;
    }

    /// <summary>A code that was not used yet. Each works once, so the clock moves on by a step.</summary>
    public string NextCode(TestUser user)
    {
        ArgumentNullException.ThrowIfNull(user);
        Clock.Advance(TimeSpan.FromSeconds(30));
        return Totp.Compute(user.TotpSecret, Totp.StepAt(Clock.GetUtcNow()));
    }

    /// <summary>Approves an authorization with a one-time code; fails the test when that is refused.</summary>
    public async Task<Authorization> ApproveWithTotpAsync(HttpClient client, TestUser user, string authorizationId)
    {
        ArgumentNullException.ThrowIfNull(client);
        using var response = await client.PostAsJsonAsync($"v1/authorizations/{authorizationId}/approve", new ApproveAuthorization("totp", NextCode(user), null), BankingApiClient.Json);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<Authorization>(BankingApiClient.Json))!;
    }

    /// <summary>Works with the bank's database as the serving role.</summary>
    public async Task<T> WithDatabaseAsync<T>(Func<BankDbContext, Task<T>> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        await using var scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<BankDbContext>());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
