using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using EndToEnd.Bank;
using EndToEnd.DirectLine;
using Testing;

namespace EndToEnd.Crash;

/// <summary>A customer who asks and asks in one conversation over Direct Line, and remembers the id of every message.</summary>
internal sealed class ChatLoad : IDisposable
{
    private static readonly string[] Questions = ["What's my balance?", "Show my recent transactions", "How much did I spend last month?", "Thank you"];

    private readonly HttpClient _http;
    private readonly string _address;
    private readonly string _first;
    private readonly List<(string ClientId, string Text, string? Id)> _sent = [];
    private int _answered;

    private ChatLoad(SignedInCustomer customer, HttpClient http, string address, string conversationId, string first) =>
        (Customer, _http, _address, ConversationId, _first) = (customer, http, address, conversationId, first);

    public SignedInCustomer Customer { get; }

    public string ConversationId { get; }

    /// <summary>How many answers were seen.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Opens a conversation of the customer.</summary>
    /// <param name="bank">The bank.</param>
    /// <param name="customer">Whose accounts the assistant may see in it.</param>
    /// <param name="first">What is said first.</param>
    public static async Task<ChatLoad> OpenAsync(HostedBank bank, SignedInCustomer customer, string first)
    {
        var conversation = await customer.OpenConversationAsync();
        var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", conversation.Token);
        using var started = await http.PostAsync(new Uri($"{bank.DirectLine}/conversations"), content: null);
        started.EnsureSuccessStatusCode();
        return new ChatLoad(customer, http, $"{bank.DirectLine}/conversations/{conversation.ConversationId}/activities", conversation.ConversationId, first);
    }

    /// <summary>Asks, and listens for the answer, until the assistant no longer answers.</summary>
    public async Task RunAsync()
    {
        while (true)
        {
            var text = _sent.Count == 0 ? _first : Questions[_sent.Count % Questions.Length];
            var clientId = string.Create(CultureInfo.InvariantCulture, $"question-{_sent.Count}");
            _sent.Add((clientId, text, null));
            if (await PostAsync(_sent.Count - 1) is not { } id)
            {
                return;
            }

            // Every third question does not wait for the answer to the one before.
            if (_sent.Count % 3 != 0 && !await IsAnsweredAsync(id))
            {
                return;
            }
        }
    }

    /// <summary>Repeats every message under its own id, waits for the answers, and checks that all is there once.</summary>
    public async Task CheckAsync()
    {
        for (var i = 0; i < _sent.Count; i++)
        {
            var acknowledged = _sent[i].Id;
            var repeated = await PostAsync(i);
            Assert.NotNull(repeated);
            Assert.True(acknowledged is null || acknowledged == repeated, $"{_sent[i].ClientId} of {ConversationId} was {acknowledged} and is {repeated}.");
        }

        // The lease of a killed process runs out first.
        await Wait.UntilAsync(
            async () => await ReadAsync() is { } all && _sent.TrueForAll(sent => all.Exists(activity => NodeClient.Text(activity, "replyToId") == sent.Id)),
            TimeSpan.FromSeconds(120),
            $"every message of {ConversationId} is answered");

        var activities = (await ReadAsync())!;
        Assert.Equal(activities.Count, activities.Select(activity => NodeClient.Text(activity, "id")).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(_sent.Select(sent => sent.ClientId), activities.Select(NodeClient.ClientActivityId).OfType<string>());
        foreach (var (clientId, text, id) in _sent)
        {
            var message = Assert.Single(activities, activity => NodeClient.ClientActivityId(activity) == clientId);
            Assert.Equal((id, text), (NodeClient.Text(message, "id"), NodeClient.Text(message, "text")));
            Assert.Single(activities, activity => NodeClient.Text(activity, "replyToId") == id);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> PostAsync(int index)
    {
        try
        {
            var (clientId, text, _) = _sent[index];
            using var posted = await _http.PostAsJsonAsync(_address, new { type = "message", text, channelData = new { clientActivityID = clientId } });
            if ((int)posted.StatusCode is 429 or >= 500)
            {
                return null;
            }

            posted.EnsureSuccessStatusCode();
            var id = NodeClient.Text(await posted.Content.ReadFromJsonAsync<JsonElement>(), "id");
            _sent[index] = (clientId, text, id);
            return id;
        }
        catch (Exception fault) when (IsCrash(fault))
        {
            return null;
        }
    }

    private async Task<bool> IsAnsweredAsync(string id)
    {
        var alive = true;
        await Wait.UntilAsync(
            async () =>
            {
                var all = await ReadAsync();
                alive = all is not null;
                return !alive || all!.Exists(activity => NodeClient.Text(activity, "replyToId") == id);
            },
            TimeSpan.FromSeconds(120),
            $"{id} is answered");
        if (alive)
        {
            Interlocked.Increment(ref _answered);
        }

        return alive;
    }

    private async Task<List<JsonElement>?> ReadAsync()
    {
        try
        {
            var all = new List<JsonElement>();
            var watermark = "";
            while (true)
            {
                using var answer = await _http.GetAsync(new Uri($"{_address}?watermark={watermark}"));
                if ((int)answer.StatusCode is 429 or >= 500)
                {
                    return null;
                }

                answer.EnsureSuccessStatusCode();
                var page = await answer.Content.ReadFromJsonAsync<JsonElement>();
                var activities = page.GetProperty("activities").EnumerateArray().ToList();
                if (activities.Count == 0)
                {
                    return all;
                }

                all.AddRange(activities);
                watermark = NodeClient.Text(page, "watermark")!;
            }
        }
        catch (Exception fault) when (IsCrash(fault))
        {
            return null;
        }
    }

    private static bool IsCrash(Exception fault) => fault is IOException or OperationCanceledException or HttpRequestException { StatusCode: null };
}
