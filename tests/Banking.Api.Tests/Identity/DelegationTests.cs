using System.Net;
using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Testing;

namespace Banking.Api.Tests.Identity;

public sealed class DelegationTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ApiHost _host = null!;
    private HttpClient _assistant = null!;
    private BankingApiClient _bot = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database);
        _assistant = _host.CreateClientOf("assistant");
        _bot = new BankingApiClient(_assistant);
    }

    public async ValueTask DisposeAsync()
    {
        _assistant.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Grant_IsRedeemedOnce_AlsoInParallel()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var grant = await GrantAsync(client, "c1");

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _bot.RedeemGrantAsync(grant)));

        var won = Assert.Single(results, result => result.Succeeded).Value!;
        Assert.StartsWith("sbd_", won.AccessToken, StringComparison.Ordinal);
        Assert.Equal("accounts:read payments:draft", won.Scope);
        Assert.Equal("c1", won.ConversationId);
        Assert.Equal(600, won.ExpiresIn);
    }

    [Fact]
    public async Task Grant_AfterAMinute_IsTooOld()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var grant = await GrantAsync(client, "c1");
        _host.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(ErrorCodes.InvalidGrant, (await _bot.RedeemGrantAsync(grant)).Problem!.Code);
    }

    [Fact]
    public async Task Grant_WithoutTheAssistantsCredential_IsWorthless()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var grant = await GrantAsync(client, "c1");
        using var nobody = _host.CreateClient();
        using var web = _host.CreateClientOf("web");

        Assert.Equal(401, (await new BankingApiClient(nobody).RedeemGrantAsync(grant)).Problem!.Status);
        Assert.Equal(403, (await new BankingApiClient(web).RedeemGrantAsync(grant)).Problem!.Status);
        Assert.True((await _bot.RedeemGrantAsync(grant)).Succeeded);
    }

    // SR-27
    [Theory]
    [InlineData("v1/session")]
    [InlineData("v1/sessions")]
    [InlineData("v1/passkeys")]
    [InlineData("v1/authorizations/aut_0199c0ffee7a7c3e8d1f2a3b4c5d6e7f")]
    public async Task AssistantsCredentialAlone_OpensNothing(string path)
    {
        using var response = await _assistant.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task DelegatedToken_OnEndpointsOfTheSession_IsForbiddenAndAudited()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        var token = (await _bot.RedeemGrantAsync(await GrantAsync(client, "c1"))).Value!.AccessToken;
        using var delegated = _host.CreateClientWith(token);
        delegated.DefaultRequestHeaders.Add(ApiHeaders.ConversationId, "c1");
        delegated.DefaultRequestHeaders.Add(ApiHeaders.TurnId, "turn-1");

        foreach (var path in (string[])["v1/session", "v1/sessions", "v1/passkeys", "v1/authorizations/aut_0199c0ffee7a7c3e8d1f2a3b4c5d6e7f"])
        {
            using var response = await delegated.GetAsync(path);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }

        var denials = await _host.WithDatabaseAsync(db => db.Set<AuditEvent>().Where(row => row.Action == "access.deny" && row.OnBehalf == user.Id).ToListAsync());
        Assert.Equal(4, denials.Count);
        Assert.All(denials, row => Assert.Equal("client:assistant", row.Actor));
        Assert.Contains("\"turn\":\"turn-1\"", denials[0].Details, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another-conversation")]
    public async Task DelegatedToken_OutsideItsConversation_IsForbidden(string? conversation)
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var token = (await _bot.RedeemGrantAsync(await GrantAsync(client, "c1"))).Value!.AccessToken;
        Assert.False(await AdmitsAsync(Policies.CustomerRead, token, conversation));
        Assert.True(await AdmitsAsync(Policies.CustomerRead, token, "c1"));
    }

    [Fact]
    public async Task DelegatedToken_SatisfiesReadAndDraftOnly()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var token = (await _bot.RedeemGrantAsync(await GrantAsync(client, "c1"))).Value!.AccessToken;

        Assert.True(await AdmitsAsync(Policies.CustomerRead, token, "c1"));
        Assert.True(await AdmitsAsync(Policies.CustomerDraft, token, "c1"));
        foreach (var policy in (string[])[Policies.Customer, Policies.SignedIn, Policies.Teller, Policies.Risk, Policies.Auditor, Policies.WebClient])
        {
            Assert.False(await AdmitsAsync(policy, token, "c1"), policy);
        }
    }

    [Fact]
    public async Task Renewal_GivesANewToken_AndKillsTheOldOne()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var old = (await _bot.RedeemGrantAsync(await GrantAsync(client, "c1"))).Value!.AccessToken;

        var renewed = await _bot.RenewDelegatedTokenAsync(old);

        Assert.True(renewed.Succeeded, renewed.Problem?.ToString());
        Assert.Equal("c1", renewed.Value.ConversationId);
        Assert.False(await AdmitsAsync(Policies.CustomerRead, old, "c1"));
        Assert.True(await AdmitsAsync(Policies.CustomerRead, renewed.Value.AccessToken, "c1"));
        Assert.Equal(ErrorCodes.InvalidGrant, (await _bot.RenewDelegatedTokenAsync(old)).Problem!.Code);
    }

    [Fact]
    public async Task Renewal_WhenTheSessionIsIdle_IsRefused()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var token = (await _bot.RedeemGrantAsync(await GrantAsync(client, "c1"))).Value!.AccessToken;
        _host.Clock.Advance(TimeSpan.FromSeconds(301));
        Assert.False(await AdmitsAsync(Policies.CustomerRead, token, "c1"));
        Assert.Equal(ErrorCodes.InvalidGrant, (await _bot.RenewDelegatedTokenAsync(token)).Problem!.Code);
    }

    [Fact]
    public async Task DelegatedToken_NeverOutlivesItsSession()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        for (var i = 0; i < 178; i++)
        {
            _host.Clock.Advance(TimeSpan.FromMinutes(4));
            (await client.GetAsync("v1/sessions")).Dispose();
        }

        // Eight minutes before the session's end.
        var token = (await _bot.RedeemGrantAsync(await GrantAsync(client, "c1"))).Value!;
        Assert.InRange(token.ExpiresIn, 1, 480);
    }

    // SR-11: what a caller says about themselves is not looked at.
    [Fact]
    public async Task Call_WithForgedHeaders_StaysWhoItIs()
    {
        var user = await _host.CreateCustomerAsync();
        using var client = await _host.SignInAsync(user);
        foreach (var (name, value) in ((string, string)[])[("X-Acr", AcrValues.Passkey), ("acr", AcrValues.Passkey), ("X-User-Id", "usr_0"), ("X-Roles", "teller"), (ApiHeaders.ConversationId, "c9")])
        {
            client.DefaultRequestHeaders.Add(name, value);
        }

        var session = (await new BankingApiClient(client).GetSessionAsync(CallContext.None)).Value!;
        Assert.Equal(user.Id, session.User.Id);
        Assert.Equal(AcrValues.Mfa, session.Acr);
        Assert.Equal(["customer"], session.User.Roles);
    }

    // Asks the service's own policy, since the endpoints that carry it belong to other nouns.
    private async Task<bool> AdmitsAsync(string policy, string token, string? conversation)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        context.Request.Headers.Authorization = "Bearer " + token;
        if (conversation is not null)
        {
            context.Request.Headers[ApiHeaders.ConversationId] = conversation;
        }

        var rules = await scope.ServiceProvider.GetRequiredService<IAuthorizationPolicyProvider>().GetPolicyAsync(policy);
        var evaluator = scope.ServiceProvider.GetRequiredService<Microsoft.AspNetCore.Authorization.Policy.IPolicyEvaluator>();
        var authenticated = await evaluator.AuthenticateAsync(rules!, context);
        return (await evaluator.AuthorizeAsync(rules!, authenticated, context, context)).Succeeded;
    }

    private static async Task<string> GrantAsync(HttpClient client, string conversation) =>
        (await new BankingApiClient(client).CreateDelegationGrantAsync(new CreateDelegationGrant(conversation), CallContext.None)).Value!.Grant;
}
