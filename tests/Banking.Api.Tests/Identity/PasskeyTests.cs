using System.Text.Json.Nodes;
using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Testing;
using SignInResult = Banking.Client.SignInResult;

namespace Banking.Api.Tests.Identity;

public sealed class PasskeyTests : IAsyncLifetime
{
    private static readonly DeviceInfo Device = new("device-of-the-test", "Test browser", "192.0.2.1");
    private static readonly CallContext Page = new() { Origin = ApiHost.Origin };

    private TestDatabase _database = null!;
    private ApiHost _host = null!;
    private HttpClient _web = null!;
    private BankingApiClient _api = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database);
        _web = _host.CreateClientOf("web");
        _api = new BankingApiClient(_web);
    }

    public async ValueTask DisposeAsync()
    {
        _web.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>Registers an authenticator: challenged first, approved with a code, then accepted.</summary>
    internal static async Task<PasskeySummary> RegisterAsync(ApiHost host, HttpClient client, TestUser user, SoftwareAuthenticator authenticator)
    {
        var api = new BankingApiClient(client);
        var options = (await api.StartPasskeyRegistrationAsync(CallContext.None)).Value!;
        var credential = authenticator.Create(options.OptionsJson);
        var challenged = await api.RegisterPasskeyAsync(new RegisterPasskey(options.CeremonyId, credential, "My phone", null), Page);
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, challenged.Problem!.Code);
        var authorizationId = challenged.Problem.Text("authorizationId")!;
        await host.ApproveWithTotpAsync(client, user, authorizationId);
        var registered = await api.RegisterPasskeyAsync(new RegisterPasskey(options.CeremonyId, credential, "My phone", authorizationId), Page);
        Assert.True(registered.Succeeded, registered.Problem?.ToString());
        return registered.Value;
    }

    [Fact]
    public async Task Passkey_OnceRegistered_SignsInByItself()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        using var authenticator = new SoftwareAuthenticator();
        var registered = await RegisterAsync(_host, client, user, authenticator);
        Assert.Equal(authenticator.CredentialId, registered.Id);

        var options = (await _api.StartPasskeySignInAsync()).Value!;
        var answer = authenticator.Get(options.OptionsJson);
        var opened = await _api.SignInWithPasskeyAsync(new PasskeySignIn(options.CeremonyId, answer, Device), Page);

        Assert.True(opened.Succeeded, opened.Problem?.ToString());
        using var session = _host.CreateClientWith(opened.Value.AccessToken);
        var info = (await new BankingApiClient(session).GetSessionAsync(CallContext.None)).Value!;
        Assert.Equal(AcrValues.Passkey, info.Acr);
        Assert.Equal(user.Id, info.User.Id);
        // The same answer again: the ceremony is spent.
        Assert.Equal(ErrorCodes.SignInExpired, (await _api.SignInWithPasskeyAsync(new PasskeySignIn(options.CeremonyId, answer, Device), Page)).Problem!.Code);
        // The same answer to another ceremony: its challenge differs.
        var other = (await _api.StartPasskeySignInAsync()).Value!;
        Assert.Equal(ErrorCodes.InvalidCredentials, (await _api.SignInWithPasskeyAsync(new PasskeySignIn(other.CeremonyId, answer, Device), Page)).Problem!.Code);
    }

    [Fact]
    public async Task Passkey_WhenTheSignCountGoesBack_IsRefused()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        using var authenticator = new SoftwareAuthenticator();
        await RegisterAsync(_host, client, user, authenticator);
        authenticator.SignCount = 10;
        Assert.True((await SignInAsync(authenticator)).Succeeded);
        authenticator.SignCount = 4;
        Assert.Equal(ErrorCodes.InvalidCredentials, (await SignInAsync(authenticator)).Problem!.Code);
    }

    [Fact]
    public async Task Passkey_FromAnotherOriginOrWithoutUserVerification_IsRefused()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        using var authenticator = new SoftwareAuthenticator();
        await RegisterAsync(_host, client, user, authenticator);

        authenticator.Origin = "http://localhost:5081";
        Assert.False((await SignInAsync(authenticator)).Succeeded);
        authenticator.Origin = "https://securebank.example.evil";
        Assert.False((await SignInAsync(authenticator)).Succeeded);
        authenticator.Origin = ApiHost.Origin;
        authenticator.UserVerified = false;
        Assert.False((await SignInAsync(authenticator)).Succeeded);
        authenticator.UserVerified = true;
        authenticator.RelyingPartyId = "evil.example";
        Assert.False((await SignInAsync(authenticator)).Succeeded);
        authenticator.RelyingPartyId = "localhost";
        Assert.True((await SignInAsync(authenticator)).Succeeded);
    }

    [Fact]
    public async Task Registration_OfAnotherCredentialThanApproved_IsRefused()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        var api = new BankingApiClient(client);
        using var mine = new SoftwareAuthenticator();
        using var attackers = new SoftwareAuthenticator();
        var options = (await api.StartPasskeyRegistrationAsync(CallContext.None)).Value!;
        var challenged = await api.RegisterPasskeyAsync(new RegisterPasskey(options.CeremonyId, mine.Create(options.OptionsJson), "My phone", null), Page);
        var authorizationId = challenged.Problem!.Text("authorizationId")!;
        await _host.ApproveWithTotpAsync(client, user, authorizationId);

        var swapped = await api.RegisterPasskeyAsync(new RegisterPasskey(options.CeremonyId, attackers.Create(options.OptionsJson), "My phone", authorizationId), Page);

        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, swapped.Problem!.Code);
        Assert.Empty((await api.ListPasskeysAsync(CallContext.None)).Value!);
    }

    [Fact]
    public async Task Removal_NeedsItsOwnApproval()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        var api = new BankingApiClient(client);
        using var authenticator = new SoftwareAuthenticator();
        var passkey = await RegisterAsync(_host, client, user, authenticator);

        var challenged = await api.RemovePasskeyAsync(passkey.Id, null, CallContext.None);
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, challenged.Problem!.Code);
        var authorizationId = challenged.Problem.Text("authorizationId")!;
        Assert.False((await api.RemovePasskeyAsync(passkey.Id, authorizationId, CallContext.None)).Succeeded);
        await _host.ApproveWithTotpAsync(client, user, authorizationId);
        Assert.True((await api.RemovePasskeyAsync(passkey.Id, authorizationId, CallContext.None)).Succeeded);
        Assert.False((await SignInAsync(authenticator)).Succeeded);
    }

    [Fact]
    public async Task Registration_ByAnotherUserOfTheSameCeremony_IsRefused()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        using var authenticator = new SoftwareAuthenticator();
        var options = (await new BankingApiClient(client).StartPasskeyRegistrationAsync(CallContext.None)).Value!;
        using var other = await _host.SignInAsync(await _host.CreateCustomerAsync());

        var result = await new BankingApiClient(other).RegisterPasskeyAsync(new RegisterPasskey(options.CeremonyId, authenticator.Create(options.OptionsJson), "Mine", null), Page);

        Assert.Equal(ErrorCodes.CeremonyExpired, result.Problem!.Code);
    }

    // The framework does not document this text; BoundChallenge relies on it.
    [Fact]
    public async Task AssertionState_HasTheFormThatBoundChallengeRewrites()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        using var authenticator = new SoftwareAuthenticator();
        await RegisterAsync(_host, client, user, authenticator);
        await using var scope = _host.Services.CreateAsyncScope();
        var row = await scope.ServiceProvider.GetRequiredService<UserManager<BankUser>>().FindByIdAsync(user.Id);
        var made = await scope.ServiceProvider.GetRequiredService<IPasskeyHandler<BankUser>>().MakeRequestOptionsAsync(row, new DefaultHttpContext { RequestServices = scope.ServiceProvider });

        var state = JsonNode.Parse(made.AssertionState!)!.AsObject();
        Assert.Equal(["challenge", "userId"], state.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Equal(user.Id, state["userId"]!.GetValue<string>());
        Guid ceremony = Guid.CreateVersion7(_host.Clock.GetUtcNow());
        var (options, stored) = BoundChallenge.Bind(made.RequestOptionsJson, made.AssertionState!, ceremony, user.Keys.UserPublicId, new byte[32]);
        var restored = JsonNode.Parse(BoundChallenge.Restore(stored, ceremony, user.Keys.UserPublicId, new byte[32]))!;
        Assert.Equal(
            System.Buffers.Text.Base64Url.DecodeFromChars(JsonNode.Parse(options)!["challenge"]!.GetValue<string>()),
            Convert.FromBase64String(restored["challenge"]!.GetValue<string>()));
        Assert.Equal("required", JsonNode.Parse(options)!["userVerification"]!.GetValue<string>());
    }

    private async Task<ApiResult<SignInResult>> SignInAsync(SoftwareAuthenticator authenticator)
    {
        var options = (await _api.StartPasskeySignInAsync()).Value!;
        return await _api.SignInWithPasskeyAsync(new PasskeySignIn(options.CeremonyId, authenticator.Get(options.OptionsJson), Device), Page);
    }
}
