using System.Net;
using System.Text.Json.Nodes;
using Banking.Api.Events;
using Banking.Api.Identity;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Testing;

namespace Banking.Api.Tests.Identity;

public sealed class SessionTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    // SR-17
    [Fact]
    public async Task Session_WhenIdleFor301Seconds_IsDead()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        _host.Clock.Advance(TimeSpan.FromSeconds(299));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(client, "v1/session"));
        _host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "v1/session"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "v1/sessions"));
    }

    [Fact]
    public async Task Session_WhenUsed_LivesOnUntilItsAbsoluteEnd()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromHours(12) - TimeSpan.FromMinutes(4); elapsed += TimeSpan.FromMinutes(4))
        {
            Assert.Equal(HttpStatusCode.OK, await GetAsync(client, "v1/sessions"));
            _host.Clock.Advance(TimeSpan.FromMinutes(4));
        }

        Assert.Equal(HttpStatusCode.OK, await GetAsync(client, "v1/sessions"));
        _host.Clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "v1/sessions"));
    }

    [Fact]
    public async Task Session_WhenOnlyAskedAbout_IsNotProlonged()
    {
        using var client = await _host.SignInAsync(await _host.CreateCustomerAsync());
        for (var i = 0; i < 4; i++)
        {
            _host.Clock.Advance(TimeSpan.FromSeconds(70));
            Assert.Equal(HttpStatusCode.OK, await GetAsync(client, "v1/session"));
        }

        _host.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "v1/session"));
    }

    // SR-23
    [Fact]
    public async Task SignOut_EndsTheSessionAndItsDelegatedTokensAtOnce_AndSaysSo()
    {
        var user = await _host.CreateCustomerAsync();
        var opened = await _host.OpenSessionAsync(user);
        using var client = _host.CreateClientWith(opened.AccessToken);
        var api = new BankingApiClient(client);
        using var assistant = _host.CreateClientOf("assistant");
        var bot = new BankingApiClient(assistant);
        var grant = await api.CreateDelegationGrantAsync(new CreateDelegationGrant("dlg-1"), CallContext.None);
        var token = await bot.RedeemGrantAsync(grant.Value!.Grant);
        var open = await api.CreateDelegationGrantAsync(new CreateDelegationGrant("dlg-2"), CallContext.None);

        Assert.True((await api.SignOutAsync(CallContext.None)).Succeeded);

        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(client, "v1/session"));
        Assert.Equal(ErrorCodes.InvalidGrant, (await bot.RenewDelegatedTokenAsync(token.Value!.AccessToken)).Problem!.Code);
        Assert.Equal(ErrorCodes.InvalidGrant, (await bot.RedeemGrantAsync(open.Value!.Grant)).Problem!.Code);
        var told = await _host.WithDatabaseAsync(db => db.Set<OutboxEvent>().SingleAsync(row => row.Type == EventTypes.SessionEnded && row.Subject == opened.SessionId));
        var data = JsonNode.Parse(told.Data)!;
        Assert.Equal(["dlg-1", "dlg-2"], data["conversationIds"]!.AsArray().Select(id => id!.GetValue<string>()));
        Assert.Equal("signed_out", data["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Session_WhenIdle_IsSweptAndAnnounced()
    {
        var opened = await _host.OpenSessionAsync(await _host.CreateCustomerAsync());
        _host.Clock.Advance(TimeSpan.FromMinutes(6));
        await Wait.UntilAsync(() => _host.WithDatabaseAsync(async db =>
        {
            _host.Clock.Advance(TimeSpan.FromSeconds(30));
            return await db.Set<OutboxEvent>().AnyAsync(row => row.Type == EventTypes.SessionEnded && row.Subject == opened.SessionId);
        }));
    }

    // SR-22
    [Fact]
    public async Task SignIn_GivesANewTokenOf256BitsEachTime_AndKeepsOnlyItsHash()
    {
        var user = await _host.CreateCustomerAsync();
        var first = await _host.OpenSessionAsync(user);
        var second = await _host.OpenSessionAsync(user);

        Assert.NotEqual(first.AccessToken, second.AccessToken);
        Assert.StartsWith("sbs_", first.AccessToken, StringComparison.Ordinal);
        Assert.Equal(32, System.Buffers.Text.Base64Url.DecodeFromChars(first.AccessToken.AsSpan(4)).Length);
        var hashes = await _host.WithDatabaseAsync(db => db.Set<Session>().Where(row => row.UserId == user.Keys.UserId).OrderBy(row => row.Id).Select(row => row.TokenHash).ToListAsync());
        Assert.Equal(OpaqueToken.Hash(first.AccessToken), hashes[0]);
    }

    [Fact]
    public async Task EndAll_EndsEverySessionOfThisUserAndOfNobodyElse()
    {
        var user = await _host.CreateCustomerAsync();
        using var one = await _host.SignInAsync(user);
        using var two = await _host.SignInAsync(user);
        using var other = await _host.SignInAsync(await _host.CreateCustomerAsync());
        Assert.Equal(2, (await new BankingApiClient(one).ListSessionsAsync(CallContext.None)).Value!.Count);

        Assert.True((await new BankingApiClient(one).EndAllSessionsAsync(CallContext.None)).Succeeded);

        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(one, "v1/session"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(two, "v1/session"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(other, "v1/session"));
    }

    [Fact]
    public async Task EndOne_WhenItIsSomebodyElses_IsNotFound()
    {
        using var mine = await _host.SignInAsync(await _host.CreateCustomerAsync());
        var theirs = await _host.OpenSessionAsync(await _host.CreateCustomerAsync());

        var result = await new BankingApiClient(mine).EndSessionAsync(theirs.SessionId, CallContext.None);

        Assert.Equal(404, result.Problem!.Status);
        using var them = _host.CreateClientWith(theirs.AccessToken);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(them, "v1/session"));
    }

    // Exact revocation under load: no lookup that begins after the sign-out was answered succeeds.
    [Fact]
    public async Task SignOut_WhileManyCallsRun_StopsEveryCallThatBeginsAfterIt()
    {
        var opened = await _host.OpenSessionAsync(await _host.CreateCustomerAsync());
        using var client = _host.CreateClientWith(opened.AccessToken);
        var before = Enumerable.Range(0, 50).Select(_ => GetAsync(client, "v1/session")).ToList();
        await new BankingApiClient(client).SignOutAsync(CallContext.None);
        var after = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync(client, "v1/session")));

        Assert.All(after, status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.All(await Task.WhenAll(before), status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Unauthorized));
    }

    [Theory]
    [InlineData("sbs_")]
    [InlineData("sbs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("sbd_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3IifQ.")]
    public async Task Call_WithATokenThatIsNone_IsUnauthenticated(string token)
    {
        using var client = _host.CreateClientWith(token);
        using var response = await client.GetAsync("v1/session");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer error=\"invalid_token\"", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return response.StatusCode;
    }
}
