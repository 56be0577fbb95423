using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Assistant.Bot.Tests.Hosting;
using Testing;

namespace Assistant.Bot.Tests.DirectLine;

public sealed class ConformanceTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private FakeBank _bank = null!;
    private BotHost _bot = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await BotHost.CreateDatabaseAsync();
        _bank = await FakeBank.StartAsync();
        _bot = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
    }

    public async ValueTask DisposeAsync()
    {
        await _bot.DisposeAsync();
        await _bank.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Generate_WhenCalledWithAToken_IsRefused()
    {
        var client = await DirectLineClient.GenerateAsync(_bot.Http, BotHost.Secret);

        Assert.Equal(403, (await client.SendAsync(HttpMethod.Post, "tokens/generate")).Status);
        Assert.Equal(401, (await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, "v3/directline/tokens/generate", bearer: null)).Status);
        Assert.Equal(403, (await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, "v3/directline/tokens/generate", "no-such-secret")).Status);
    }

    [Fact]
    public async Task Generate_WhenTheUserIdIsGuessable_IsRefused()
    {
        var (status, body) = await DirectLineClient.SendAsync(_bot.Http, HttpMethod.Post, "v3/directline/tokens/generate", BotHost.Secret, new { user = new { id = "maya" } });

        Assert.Equal(400, status);
        Assert.Equal("BadArgument", (string?)body!["error"]!["code"]);
    }

    [Fact]
    public async Task Start_WhenRepeated_OpensOneConversationAndGreetsOnce()
    {
        var client = await DirectLineClient.GenerateAsync(_bot.Http, BotHost.Secret);

        Assert.Equal(201, await client.StartAsync());
        Assert.Equal(200, await client.StartAsync());
        var greeting = Assert.Single(await client.ReadAllAsync());
        Assert.Contains("an AI", (string)greeting["text"]!, StringComparison.Ordinal);
        Assert.Equal("bot", (string?)greeting["from"]!["role"]);
    }

    [Fact]
    public async Task Token_WhenUsedOnAnotherConversation_IsRefused()
    {
        var own = await _bot.OpenAsync();
        var other = await _bot.OpenAsync();

        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Get, "/activities"), (HttpMethod.Post, "/activities"), (HttpMethod.Post, "/upload") })
        {
            var (status, body) = await own.SendAsync(method, $"conversations/{other.ConversationId}{path}", method == HttpMethod.Post ? new { type = "message", text = "hi" } : null);
            Assert.Equal(403, status);
            Assert.NotNull(body!["error"]!["code"]);
        }
    }

    [Fact]
    public async Task Post_WhenFromIsSpoofed_IsDeliveredAsTheTokensUser()
    {
        var client = await _bot.OpenAsync();
        var id = await client.SayAsync("hello");

        var echo = (await client.ReadAllAsync()).Single(activity => (string?)activity["id"] == id);

        Assert.StartsWith("dl_", (string?)echo["from"]!["id"], StringComparison.Ordinal);
        Assert.NotEqual("dl_somebody-else-entirely", (string?)echo["from"]!["id"]);
    }

    [Fact]
    public async Task Post_WhenTheSameClientActivityComesTwice_IsOneActivityAndOneReply()
    {
        var client = await _bot.OpenAsync();

        var first = await client.SayAsync("hello", "client-1");
        var second = await client.SayAsync("hello", "client-1");
        await client.ReplyToAsync(first);

        Assert.Equal(first, second);
        var all = await client.ReadAllAsync();
        Assert.Equal("client-1", (string?)Assert.Single(all, activity => (string?)activity["from"]!["role"] == "user")["channelData"]!["clientActivityID"]);
        Assert.Single(all, activity => (string?)activity["replyToId"] == first);
    }

    [Fact]
    public async Task Post_WhenMessagesQueue_TheyAreAnsweredInOrder()
    {
        var client = await _bot.OpenAsync();
        for (var i = 0; i < 10; i++)
        {
            await client.SayAsync($"message {i}");
        }

        await Wait.UntilAsync(async () => (await client.ReadAllAsync()).Count == 21);

        var replies = (await client.ReadAllAsync()).Where(activity => activity["replyToId"] is not null).Select(activity => (string)activity["text"]!);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"echo: message {i}"), replies);
    }

    [Theory]
    [InlineData("not json", 400)]
    [InlineData("[]", 400)]
    [InlineData("{}", 400)]
    [InlineData("""{"type":"message"}""", 400)]
    [InlineData("""{"type":"message","text":5}""", 400)]
    [InlineData("""{"type":"message","text":"a","text":"b"}""", 400)]
    [InlineData("""{"type":"message","text":"\ud800"}""", 400)]
    [InlineData("""{"type":"conversationUpdate"}""", 400)]
    [InlineData("""{"type":"message","value":{"action":"execute_payment"}}""", 400)]
    [InlineData("""{"type":"message","text":"hi","channelData":{"clientActivityID":"a b"}}""", 400)]
    [InlineData("""{"type":"message","text":"hi","attachments":[{"contentType":"text/html","content":"x"}]}""", 415)]
    [InlineData("""{"type":"event"}""", 400)]
    [InlineData("""{"type":"event","name":"webchat/join"}""", 200)]
    [InlineData("""{"type":"typing"}""", 200)]
    public async Task Post_WhenTheActivityIsMalformed_AnswersANamedError(string body, int expected)
    {
        var client = await _bot.OpenAsync();

        var (status, answer) = await client.PostAsync(body);

        Assert.Equal(expected, status);
        if (expected != 200)
        {
            Assert.NotNull((string?)answer!["error"]!["code"]);
            Assert.NotNull((string?)answer["error"]!["message"]);
        }
    }

    [Fact]
    public async Task Post_WhenTooLarge_Answers413()
    {
        var client = await _bot.OpenAsync();

        Assert.Equal(413, (await client.PostAsync(new { type = "message", text = new string('x', 1024 * 1024) })).Status);
        Assert.Equal(413, (await client.PostAsync(new { type = "message", text = new string('x', 4001) })).Status);
        Assert.Single(await client.ReadAllAsync());
    }

    [Fact]
    public async Task Post_WhenAScriptTalks_IsSlowedDownAndTheOthersAreNot()
    {
        var script = await _bot.OpenAsync();
        var other = await _bot.OpenAsync();

        var statuses = new List<int>();
        for (var i = 0; i < 60; i++)
        {
            statuses.Add((await script.PostAsync(new { type = "typing" })).Status);
        }

        Assert.Contains(429, statuses);
        Assert.Equal(200, (await other.PostAsync(new { type = "typing" })).Status);
    }

    [Fact]
    public async Task Upload_IsRefusedClearly()
    {
        var client = await _bot.OpenAsync();

        var (status, body) = await client.SendAsync(HttpMethod.Post, $"conversations/{client.ConversationId}/upload", new { });

        Assert.Equal(415, status);
        Assert.Equal("UploadNotSupported", (string?)body!["error"]!["code"]);
    }

    [Fact]
    public async Task Refresh_WhenTheTokenIsGood_KeepsConversationAndUser()
    {
        var client = await _bot.OpenAsync();

        var (status, body) = await client.SendAsync(HttpMethod.Post, "tokens/refresh");
        client.Token = (string)body!["token"]!;

        Assert.Equal(200, status);
        Assert.Equal(client.ConversationId, (string?)body["conversationId"]);
        Assert.Single(await client.ReadAllAsync());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("999")]
    [InlineData("abc")]
    public async Task Watermark_WhenNotIssuedHere_IsRefused(string watermark)
    {
        var client = await _bot.OpenAsync();

        Assert.Equal(400, (await client.SendAsync(HttpMethod.Get, $"conversations/{client.ConversationId}/activities?watermark={watermark}")).Status);
    }

    [Fact]
    public async Task Stream_WhenOpened_ReplaysFromTheBeginningThenFollows()
    {
        var client = await _bot.OpenAsync();
        await client.AskAsync("before the socket");
        using var socket = await client.ConnectAsync();
        var seen = new List<string>();
        await ReceiveAsync(socket, seen, until: 3);

        await client.SayAsync("after the socket");
        await ReceiveAsync(socket, seen, until: 5);

        Assert.Equal((await client.ReadAllAsync()).Select(activity => (string)activity["id"]!), seen);
    }

    [Fact]
    public async Task Stream_WhenTheAssistantWorks_ShowsTypingWithoutAWatermark()
    {
        var typingSeen = new TaskCompletionSource();
        await using var bot = await BotHost.StartAsync(_database, _bank, new PatientPlanner(typingSeen.Task));
        var client = await bot.OpenAsync();
        using var socket = await client.ConnectAsync();
        await DirectLineClient.ReceiveAsync(socket);
        await client.SayAsync("hello");

        var messages = 0;
        while (messages < 2)
        {
            var set = await DirectLineClient.ReceiveAsync(socket);
            foreach (var activity in set!["activities"]!.AsArray())
            {
                if ((string?)activity!["type"] == "typing")
                {
                    Assert.Null(set["watermark"]);
                    typingSeen.TrySetResult();
                }
                else
                {
                    messages++;
                }
            }
        }

        // The reply came, so typing was seen before it.
        Assert.True(typingSeen.Task.IsCompleted);
        Assert.DoesNotContain(await client.ReadAllAsync(), activity => (string?)activity["type"] == "typing");
    }

    [Fact]
    public async Task Stream_WhenTheTicketIsUsedTwice_IsRefused()
    {
        var client = await _bot.OpenAsync();
        using var first = await client.ConnectAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => client.ConnectAsync());
    }

    [Fact]
    public async Task Stream_WhenThePageIsForeign_IsRefused()
    {
        var client = await _bot.OpenAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => client.ConnectAsync("https://evil.example"));
        using var own = await client.ConnectAsync(BotHost.WebBaseAddress);
        Assert.Equal(WebSocketState.Open, own.State);
    }

    [Fact]
    public async Task Stream_WhenASecondSocketOpens_TheOlderIsClosedWithCollision()
    {
        var client = await _bot.OpenAsync();
        using var older = await client.ConnectAsync();
        await DirectLineClient.ReceiveAsync(older);
        await client.ReconnectAsync("1");
        using var newer = await client.ConnectAsync();

        var closed = await Assert.ThrowsAsync<WebSocketException>(async () =>
        {
            while (true)
            {
                await DirectLineClient.ReceiveAsync(older);
            }
        });

        Assert.Equal("collision", older.CloseStatusDescription);
        Assert.NotNull(closed);
        Assert.Equal(WebSocketState.Open, newer.State);
    }

    [Fact]
    public async Task SessionEnded_ClosesTheSocketAndEndsTheConversationAtOnce()
    {
        var client = await _bot.OpenAsync();
        using var socket = await client.ConnectAsync();
        await DirectLineClient.ReceiveAsync(socket);

        Assert.Equal(204, await _bot.SendEventAsync("evt_1", "securebank.session.ended.v1", new { sessionId = "ses_1", conversationIds = new[] { client.ConversationId }, reason = "logout" }));

        await Assert.ThrowsAsync<WebSocketException>(async () =>
        {
            while (true)
            {
                await DirectLineClient.ReceiveAsync(socket);
            }
        });
        Assert.Equal("ended", socket.CloseStatusDescription);
        Assert.Equal(404, await client.ReconnectAsync(null));
        Assert.Equal(404, (await client.PostAsync(new { type = "message", text = "still there?" })).Status);
        Assert.Equal(403, (await client.SendAsync(HttpMethod.Post, "tokens/refresh")).Status);
    }

    [Fact]
    public async Task Reconnect_WhenTheSocketDropsAtRandom_LosesAndDoublesNothing()
    {
        // SR-63. The seed makes a failure repeatable; the drops still fall anywhere relative to the messages.
#pragma warning disable RS0030 // A seeded generator for a repeatable simulation.
        var random = new Random(63);
#pragma warning restore RS0030
        const int drops = 1000;
        var client = await _bot.OpenAsync();
        var seen = new List<string>();
        string? watermark = null;
        var sent = 0;
        for (var drop = 0; drop < drops; drop++)
        {
            using var socket = drop == 0 ? await client.ConnectAsync() : await ReconnectAsync(client, watermark);
            if (drop % 10 == 0)
            {
                await Wait.UntilAsync(async () => (await client.PostAsync(new { type = "message", text = $"message {sent}", channelData = new { clientActivityID = $"c{sent}" } })).Status == 200);
                sent++;
            }

            var frames = random.Next(0, 3);
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(1, 15)));
            try
            {
                for (var frame = 0; frame < frames; frame++)
                {
                    if (await DirectLineClient.ReceiveAsync(socket, patience.Token) is { } set && set["watermark"] is { } newer)
                    {
                        seen.AddRange(set["activities"]!.AsArray().Select(activity => (string)activity!["id"]!));
                        watermark = (string)newer!;
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // Dropped in the middle of a wait, which aborts the socket.
            }

            socket.Abort();
            watermark ??= "0";
        }

        await Wait.UntilAsync(async () => (await client.ReadAllAsync()).Count == 1 + (2 * sent));
        using var last = await ReconnectAsync(client, watermark);
        await ReceiveAsync(last, seen, until: 1 + (2 * sent));

        Assert.Equal((await client.ReadAllAsync()).Select(activity => (string)activity["id"]!), seen);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    // The real client waits 3 to 15 s before it comes back; the limiter is for scripts, and this is one: it tries until it is let in.
    private static async Task<ClientWebSocket> ReconnectAsync(DirectLineClient client, string? watermark) =>
        await Wait.ForAsync(async () =>
        {
            if (await client.ReconnectAsync(watermark) != 200)
            {
                return null;
            }

            try
            {
                return await client.ConnectAsync();
            }
            catch (WebSocketException refused) when (refused.Message.Contains("'429'", StringComparison.Ordinal))
            {
                return null;
            }
        });

    private static async Task ReceiveAsync(WebSocket socket, List<string> seen, int until)
    {
        while (seen.Count < until)
        {
            if (await DirectLineClient.ReceiveAsync(socket) is { } set && set["watermark"] is not null)
            {
                seen.AddRange(set["activities"]!.AsArray().Select(activity => (string)activity!["id"]!));
            }
        }
    }
}
