using System.Text.Json.Nodes;
using Assistant.Bot.Planning;
using Assistant.Bot.Tests.Hosting;
using Testing;

namespace Assistant.Bot.Tests.Events;

public sealed class BankEventTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private FakeBank _bank = null!;
    private BotHost _bot = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await BotHost.CreateDatabaseAsync();
        _bank = await FakeBank.StartAsync();
        _bot = await BotHost.StartAsync(_database, _bank, planner: null);
    }

    public async ValueTask DisposeAsync()
    {
        await _bot.DisposeAsync();
        await _bank.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Executed_WhenDeliveredThreeTimes_IsToldOnceAndNamesThePayment()
    {
        var client = await _bot.OpenAsync();

        for (var delivery = 0; delivery < 3; delivery++)
        {
            Assert.Equal(204, await _bot.SendEventAsync("evt_a", "securebank.payment.state_changed.v1", Payment(client, "executed")));
        }

        await Wait.UntilAsync(async () => (await client.ReadAllAsync()).Count > 1);
        var told = Assert.Single((await client.ReadAllAsync()).Skip(1));
        Assert.Equal("Done: £60.00 to Maya Okafor has been paid.", (string?)told["text"]);
        Assert.Contains(FakeBank.Id("pay", 1), told["attachments"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("held", "on hold")]
    [InlineData("rejected", "No money has left")]
    [InlineData("failed", "No money has left")]
    [InlineData("cancelled", "cancelled")]
    [InlineData("expired", "not approved in time")]
    public async Task Outcome_WhenNotExecuted_NeverSaysPaid(string state, string expected)
    {
        var client = await _bot.OpenAsync();

        await _bot.SendEventAsync($"evt_{state}", "securebank.payment.state_changed.v1", Payment(client, state));
        await Wait.UntilAsync(async () => (await client.ReadAllAsync()).Count > 1);

        var text = (string)(await client.ReadAllAsync())[^1]["text"]!;
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Contains("New payee.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Done", text, StringComparison.Ordinal);
        Assert.DoesNotContain("has been paid", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_WhenNotSignedByTheBank_IsRefused()
    {
        var client = await _bot.OpenAsync();
        var late = new FakeTimeProvider(DateTimeOffset.UnixEpoch);

        Assert.Equal(401, await _bot.SendEventAsync("evt_b", "securebank.payment.state_changed.v1", Payment(client, "executed"), secret: new byte[32]));
        Assert.Equal(401, await _bot.SendEventAsync("evt_c", "securebank.payment.state_changed.v1", Payment(client, "executed"), clock: late));
        Assert.Single(await client.ReadAllAsync());
    }

    [Fact]
    public async Task Chat_EndToEnd_PreparesCorrectsAndTells()
    {
        var client = await _bot.OpenAsync();

        Assert.Contains("1,200.00", (await client.ReplyToAsync(await client.SayAsync("What's my balance?"))).ToJsonString(), StringComparison.Ordinal);
        var prepared = await client.ReplyToAsync(await client.SayAsync("Pay Maya £50"));
        var payment = Assert.Single(_bank.Payments);
        Assert.Contains($"/approve/{payment.Id}", prepared.ToJsonString(), StringComparison.Ordinal);
        await client.ReplyToAsync(await client.SayAsync("no, 60"));
        Assert.Equal("60.00", Assert.Single(_bank.Payments).InstructedAmount.Amount);

        await _bot.SendEventAsync("evt_d", "securebank.payment.state_changed.v1", Payment(client, "executed", payment.Id));
        await Wait.UntilAsync(async () => (string?)(await client.ReadAllAsync())[^1]["text"] == "Done: £60.00 to Maya Okafor has been paid.");
        Assert.All(_bank.Calls.Where(call => call.Path != "/v1/token"), call => Assert.Equal(client.ConversationId, call.Header("X-Conversation-Id")));
        Assert.DoesNotContain(_bank.Calls, call => call.Path.Contains("/submit", StringComparison.Ordinal) || call.Path.Contains("/execute", StringComparison.Ordinal) || call.Path.Contains("/approve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Delegation_WhenTheSessionEnded_AsksKindlyToSignIn()
    {
        var client = await _bot.OpenAsync();
        _bank.ValidTokens.Clear();

        var reply = await client.ReplyToAsync(await client.SayAsync("What's my balance?"));

        Assert.Contains("sign in again", (string)reply["text"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("1,200.00", reply.ToJsonString(), StringComparison.Ordinal);
        await _bot.DelegateAsync(client.ConversationId);
        Assert.Contains("1,200.00", (await client.ReplyToAsync(await client.SayAsync("What's my balance?"))).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delegation_WhenThereIsNone_ReadsNothing()
    {
        var client = await _bot.OpenAsync(delegated: false);

        var reply = await client.AskAsync("What's my balance?");

        Assert.Contains("sign in again", reply, StringComparison.Ordinal);
        Assert.Empty(_bank.Calls);
    }

    [Fact]
    public async Task Text_WhenAThirdPartyWroteMarkup_IsShownAsText()
    {
        _bank.InjectedReference = "**bold** [click](https://evil.example) ![x](https://evil.example/x.png) <script>alert(1)</script>";
        var client = await _bot.OpenAsync();

        var reply = await client.ReplyToAsync(await client.SayAsync("Show my recent transactions"));

        Assert.Equal("plain", (string?)reply["textFormat"]);
        Assert.DoesNotContain("evil.example", (string)reply["text"]!, StringComparison.Ordinal);
        var elements = reply["attachments"]!.AsArray().SelectMany(card => Descend(card!["content"]!)).OfType<JsonObject>().ToList();
        Assert.Contains(elements, element => (string?)element["type"] == "TextRun" && ((string?)element["text"])!.Contains("evil.example", StringComparison.Ordinal));
        // The elements that read Markdown or fetch addresses.
        Assert.DoesNotContain(elements, element => (string?)element["type"] is "TextBlock" or "FactSet" or "Image" or "Media");
        Assert.DoesNotContain(elements, element => element["url"] is not null);
    }

    private static IEnumerable<JsonNode> Descend(JsonNode node) => node switch
    {
        JsonObject source => source.Where(member => member.Value is not null).SelectMany(member => Descend(member.Value!)).Prepend(source),
        JsonArray items => items.SelectMany(item => Descend(item!)),
        _ => [],
    };

    private static object Payment(DirectLineClient client, string state, string? id = null) => new
    {
        paymentId = id ?? FakeBank.Id("pay", 1),
        state,
        previousState = "approved",
        conversationId = client.ConversationId,
        amount = "60.00",
        currency = "GBP",
        creditorName = "Maya Okafor",
        reasons = state == "executed" ? Array.Empty<string>() : ["New payee"],
    };
}
