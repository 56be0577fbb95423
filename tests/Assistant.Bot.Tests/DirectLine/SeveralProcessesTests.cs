using Assistant.Bot.Tests.Hosting;
using Testing;

namespace Assistant.Bot.Tests.DirectLine;

/// <summary>State lives in the database: any process serves any conversation, and a restart is a reconnect.</summary>
public sealed class SeveralProcessesTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private FakeBank _bank = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await BotHost.CreateDatabaseAsync();
        _bank = await FakeBank.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _bank.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Stream_WhenTheMessageArrivesAtAnotherProcess_ShowsMessageAndReply()
    {
        await using var one = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
        await using var other = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
        var client = await one.OpenAsync();
        using var socket = await client.ConnectAsync();
        await DirectLineClient.ReceiveAsync(socket);

        await new DirectLineClient(other.Http, client.ConversationId, client.Token).SayAsync("over there");

        var texts = new List<string>();
        while (texts.Count < 2)
        {
            texts.AddRange((await DirectLineClient.ReceiveAsync(socket))?["activities"]!.AsArray().Where(activity => (string?)activity!["type"] == "message").Select(activity => (string)activity!["text"]!) ?? []);
        }

        Assert.Equal(["over there", "echo: over there"], texts);
    }

    [Fact]
    public async Task Socket_WhenOpenedAtAnotherProcess_ClosesTheOlderWithCollision()
    {
        await using var one = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
        await using var other = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
        var client = await one.OpenAsync();
        using var older = await client.ConnectAsync();
        var elsewhere = new DirectLineClient(other.Http, client.ConversationId, client.Token);
        Assert.Equal(200, await elsewhere.ReconnectAsync(null));
        using var newer = await elsewhere.ConnectAsync();

        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(async () =>
        {
            while (true)
            {
                await DirectLineClient.ReceiveAsync(older);
            }
        });
        Assert.Equal("collision", older.CloseStatusDescription);
    }

    [Fact]
    public async Task Conversation_WhenTheProcessRestarts_GoesOn()
    {
        DirectLineClient before;
        await using (var first = await BotHost.StartAsync(_database, _bank, new EchoPlanner()))
        {
            before = await first.OpenAsync();
            await before.AskAsync("one");
        }

        await using var second = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
        var after = new DirectLineClient(second.Http, before.ConversationId, before.Token);
        Assert.Equal(200, await after.ReconnectAsync("1"));
        Assert.Equal("echo: two", await after.AskAsync("two"));
        Assert.Equal(5, (await after.ReadAllAsync()).Count);
    }
}

/// <summary>Trust rule 2: the assistant's token is renewed while the session lives, and expires with it; the channel's token too.</summary>
public sealed class TokenLifetimeTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new();
    private TestDatabase _database = null!;
    private FakeBank _bank = null!;
    private BotHost _bot = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await BotHost.CreateDatabaseAsync();
        _bank = await FakeBank.StartAsync();
        _bot = await BotHost.StartAsync(_database, _bank, planner: null, _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _bot.DisposeAsync();
        await _bank.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task DelegatedToken_WhenAboutToExpire_IsRenewedBeforeTheCall()
    {
        var client = await _bot.OpenAsync();
        _clock.Advance(TimeSpan.FromMinutes(9));

        var reply = await client.ReplyToAsync(await client.SayAsync("What's my balance?"));

        Assert.Contains("1,200.00", reply.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(2, _bank.Calls.Count(call => call.Path == "/v1/token"));
        Assert.Equal("Bearer sbd_2", _bank.Calls.Last(call => call.Path == "/v1/accounts").Header("Authorization"));
    }

    [Fact]
    public async Task DelegatedToken_WhenTheSessionIsOver_IsNotRenewed()
    {
        var client = await _bot.OpenAsync();
        _bank.RefuseRenewal = true;
        _clock.Advance(TimeSpan.FromMinutes(9));

        Assert.Contains("sign in again", await client.AskAsync("What's my balance?"), StringComparison.Ordinal);
        Assert.DoesNotContain(_bank.Calls, call => call.Path == "/v1/accounts");
    }

    [Fact]
    public async Task DelegatedToken_WhenTheCustomerIsConnected_IsKeptAlive()
    {
        var client = await _bot.OpenAsync();
        using var socket = await client.ConnectAsync();
        await DirectLineClient.ReceiveAsync(socket);

        for (var minute = 0; minute < 15; minute++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            if (minute == 8)
            {
                await Wait.UntilAsync(() => _bank.Calls.Count(call => call.Path == "/v1/token") == 2);
            }
        }

        Assert.Contains("1,200.00", (await client.ReplyToAsync(await client.SayAsync("What's my balance?"))).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grant_WhenRefusedByTheBank_IsRefused()
    {
        var client = await _bot.OpenAsync(delegated: false);
        var path = $"internal/conversations/{client.ConversationId}/delegation";

        Assert.Equal(403, (await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, path, BotHost.Secret, new { grant = "sbg-forged" })).Status);
        Assert.Equal(403, (await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, path, client.Token, new { grant = FakeBank.Grant })).Status);
        Assert.Equal(400, (await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, path, BotHost.Secret, new { })).Status);
        Assert.Equal(401, (await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, path, bearer: null, new { grant = FakeBank.Grant })).Status);
    }

    [Fact]
    public async Task ChannelToken_WhenExpired_OpensNothingAndCannotBeRefreshed()
    {
        var client = await _bot.OpenAsync();
        Assert.Equal(200, await client.ReconnectAsync(null));
        _clock.Advance(TimeSpan.FromSeconds(61));
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => client.ConnectAsync());
        _clock.Advance(TimeSpan.FromSeconds(1800));

        Assert.Equal(403, (await client.SendAsync(HttpMethod.Post, "tokens/refresh")).Status);
        Assert.Equal(403, await client.ReconnectAsync(null));
        Assert.Equal(403, (await client.PostAsync(new { type = "message", text = "hi" })).Status);
    }

    [Fact]
    public void ChannelToken_WhenAnyCharacterIsChanged_IsRefused()
    {
        var tokens = new Bot.DirectLine.DirectLineTokens(BotHost.Secret, _clock);
        var token = tokens.Issue("cnv_1", "dl_1");
        Assert.True(tokens.TryRead(token, out var claims));
        Assert.Equal("cnv_1", claims.ConversationId);

        for (var i = 0; i < token.Length; i++)
        {
            var changed = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];
            // The last character of base64 carries unused bits; any decoding of them to the same bytes is the same token.
            Assert.False(tokens.TryRead(changed, out _) && i < token.Length - 1, $"Changed at {i}.");
        }

        Assert.False(new Bot.DirectLine.DirectLineTokens("another-secret-another-secret-another", _clock).TryRead(token, out _));
    }
}
