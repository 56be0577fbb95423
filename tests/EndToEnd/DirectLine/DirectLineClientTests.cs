using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using EndToEnd.Bank;

namespace EndToEnd.DirectLine;

/// <summary>
/// Microsoft's own client (<c>botframework-directlinejs</c>) as an independent peer of our Direct Line server: what it does is
/// what Web Chat does in the browser.
/// </summary>
public sealed class DirectLineClientTests(BankFixture fixture) : IClassFixture<BankFixture>
{
    private HostedBank Bank => fixture.Bank;

    [Fact]
    public async Task Conversation_FromGreetingToSignOut_WorksWithMicrosoftsClient()
    {
        using var customer = await SignedInCustomer.SignInAsync(Bank, "amelia");
        var conversation = await customer.OpenConversationAsync();
        await using var client = await NodeClient.StartAsync(Bank.DirectLine, conversation.Token);

        await client.UntilAsync(() => client.Messages.Count == 1);
        var greeting = client.Messages[0];
        Assert.Equal("bot", NodeClient.Text(greeting.GetProperty("from"), "role"));
        Assert.Contains("an AI", NodeClient.Text(greeting, "text"), StringComparison.Ordinal);
        Assert.Equal(conversation.ConversationId, NodeClient.Text(greeting.GetProperty("conversation"), "id"));
        await client.UntilStatusAsync(ConnectionStatus.Online);

        // The customer's words come back on the stream under the client's own id, and under the user id of the token, not the one it claimed.
        client.Post("What's my balance?", "first");
        await client.UntilAsync(() => client.Messages.Count >= 3);
        var echo = Assert.Single(client.Messages, message => NodeClient.ClientActivityId(message) == "first");
        Assert.Equal("What's my balance?", NodeClient.Text(echo, "text"));
        Assert.StartsWith("dl_", NodeClient.Text(echo.GetProperty("from"), "id"), StringComparison.Ordinal);
        Assert.NotEqual("dl_somebody-else-entirely", NodeClient.Text(echo.GetProperty("from"), "id"));
        await client.UntilAsync(() => client.Events("posted").Any());
        Assert.Equal(NodeClient.Text(echo, "id"), NodeClient.Text(client.Events("posted").Single(), "id"));

        var reply = Assert.Single(client.Messages, message => NodeClient.Text(message, "replyToId") == NodeClient.Text(echo, "id"));
        var accounts = SignedInCustomer.Succeeded(await customer.Api.ListAccountsAsync(customer.Call()));
        var current = accounts.Single(account => account.Name == "Everyday account");
        Assert.Contains((current.Booked.MinorUnits / 100m).ToString("N2", CultureInfo.InvariantCulture), reply.GetRawText(), StringComparison.Ordinal);

        // A refreshed token goes on with the same conversation.
        client.Refresh();
        await client.UntilAsync(() => client.Events("refreshed").Any());
        Assert.NotEqual(conversation.Token, NodeClient.Text(client.Events("refreshed").Single(), "token"));
        client.Post("Thank you", "second");
        await client.UntilAsync(() => client.Messages.Count >= 5);
        Assert.Single(client.Messages, message => NodeClient.ClientActivityId(message) == "second");

        // Signing out ends it: the socket closes, the way back is gone, and a token of it opens nothing.
        SignedInCustomer.Succeeded(await customer.Api.SignOutAsync(customer.Call()));
        await client.UntilAsync(() => client.Events("streamFailed").Any());
        Assert.Equal("conversation ended", NodeClient.Text(client.Events("streamFailed").Single(), "message"));
        Assert.Contains(client.Events("socket"), seen => NodeClient.Text(seen, "state") == "closed" && NodeClient.Text(seen, "reason") == "ended");
        client.Refresh();
        await client.UntilStatusAsync(ConnectionStatus.ExpiredToken);
        client.Post("Are you there?", "third");
        await client.UntilAsync(() => client.Events("postFailed").Any());
        Assert.DoesNotContain(client.Messages, message => NodeClient.ClientActivityId(message) == "third");
    }

    [Fact]
    public async Task Polling_WhenTheConversationEnds_ReachesEnded()
    {
        using var customer = await SignedInCustomer.SignInAsync(Bank, "priya");
        var conversation = await customer.OpenConversationAsync();
        await using var client = await NodeClient.StartAsync(Bank.DirectLine, conversation.Token, webSocket: false);
        client.Post("hello", "first");
        await client.UntilAsync(() => client.Messages.Count == 3);
        Assert.Equal(3, client.Activities.Count);

        SignedInCustomer.Succeeded(await customer.Api.SignOutAsync(customer.Call()));

        await client.UntilStatusAsync(ConnectionStatus.Ended);
    }

    [Fact]
    public async Task Stream_WhenTheSocketBreaksAgainAndAgain_LosesAndDoublesNothing()
    {
        const int MessageCount = 20;
        const int DropCount = 40;
        var random = new Random(20261120);
        using var customer = await SignedInCustomer.SignInAsync(Bank, "daniel");
        var conversation = await customer.OpenConversationAsync();
        await using var client = await NodeClient.StartAsync(Bank.DirectLine, conversation.Token);
        await client.UntilAsync(() => client.Messages.Count == 1);

        var allPosted = false;
        var drops = DropAsync();
        for (var i = 0; i < MessageCount; i++)
        {
            client.Post("Thanks", Name(i));
            // Every other message goes out while the answer to the one before is still on its way.
            var expected = i;
            if (i % 2 == 0)
            {
                await client.UntilAsync(() => client.Messages.Any(message => NodeClient.ClientActivityId(message) == Name(expected)));
            }
        }

        allPosted = true;
        await drops;
        await client.UntilAsync(() => client.Messages.Select(Id).Distinct(StringComparer.Ordinal).Count() == 1 + (2 * MessageCount));

        var all = await ReadAllAsync(conversation);
        Assert.Equal(all, client.Events("frame").SelectMany(frame => frame.GetProperty("ids").EnumerateArray()).Select(id => id.GetString()!));
        Assert.Equal(all, client.Messages.Select(Id).Order(StringComparer.Ordinal));
        for (var i = 0; i < MessageCount; i++)
        {
            var sent = Assert.Single(client.Messages, message => NodeClient.ClientActivityId(message) == Name(i));
            Assert.Single(client.Messages, message => NodeClient.Text(message, "replyToId") == Id(sent));
        }

        Assert.True(client.SocketsOpened() > DropCount, $"only {client.SocketsOpened()} sockets were opened");

        static string Name(int i) => "message-" + i.ToString(CultureInfo.InvariantCulture);

        async Task DropAsync()
        {
            for (var i = 0; i < DropCount; i++)
            {
                var (sockets, seen) = (client.SocketsOpened(), client.Messages.Count);
                client.Drop();
                // The next break comes as soon as there is a socket again, or once something has come through it.
                var atOnce = random.Next(2) == 0;
                await client.UntilAsync(() => client.SocketsOpened() > sockets && (atOnce || allPosted || client.Messages.Count > seen));
            }
        }
    }

    private static string Id(JsonElement activity) => NodeClient.Text(activity, "id")!;

    /// <summary>The ids of everything in the conversation, page by page, as the server keeps it.</summary>
    private async Task<IReadOnlyList<string>> ReadAllAsync(SignedInCustomer.Conversation conversation)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", conversation.Token);
        var ids = new List<string>();
        var watermark = "";
        while (true)
        {
            var page = await http.GetFromJsonAsync<JsonElement>(new Uri($"{Bank.DirectLine}/conversations/{conversation.ConversationId}/activities?watermark={watermark}"));
            var activities = page.GetProperty("activities").EnumerateArray().ToList();
            if (activities.Count == 0)
            {
                return ids;
            }

            ids.AddRange(activities.Select(Id));
            watermark = NodeClient.Text(page, "watermark")!;
        }
    }
}
