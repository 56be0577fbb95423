using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Testing;

namespace Assistant.Bot.Tests.Hosting;

/// <summary>A Direct Line 3.0 client written from the protocol, knowing nothing of the server's code.</summary>
internal sealed class DirectLineClient(HttpClient http, string conversationId, string token)
{
    public string ConversationId => conversationId;

    public string Token { get; set; } = token;

    public string? StreamUrl { get; private set; }

    public static async Task<DirectLineClient> GenerateAsync(HttpClient http, string secret, object? body = null)
    {
        var (status, answer) = await SendAsync(http, HttpMethod.Post, "v3/directline/tokens/generate", secret, body);
        Assert.Equal(200, status);
        Assert.Equal(1800, (int)answer!["expires_in"]!);
        return new DirectLineClient(http, (string)answer["conversationId"]!, (string)answer["token"]!);
    }

    public static async Task<(int Status, JsonNode? Body)> SendAsync(HttpClient http, HttpMethod method, string path, string? bearer, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (bearer is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        request.Content = body switch { null => null, string raw => new StringContent(raw, Encoding.UTF8, "application/json"), _ => JsonContent.Create(body) };
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public Task<(int Status, JsonNode? Body)> SendAsync(HttpMethod method, string path, object? body = null) => SendAsync(http, method, "v3/directline/" + path, Token, body);

    public async Task<int> StartAsync()
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "conversations", new { user = new { }, locale = "en-GB" });
        StreamUrl = (string?)body?["streamUrl"];
        return status;
    }

    public async Task<int> ReconnectAsync(string? watermark)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"conversations/{conversationId}" + (watermark is null ? "" : $"?watermark={watermark}"));
        StreamUrl = (string?)body?["streamUrl"];
        return status;
    }

    public Task<(int Status, JsonNode? Body)> PostAsync(object activity) => SendAsync(HttpMethod.Post, $"conversations/{conversationId}/activities", activity);

    public async Task<string> SayAsync(string text, string? clientActivityId = null)
    {
        var (status, body) = await PostAsync(new { type = "message", text, from = new { id = "dl_somebody-else-entirely" }, channelData = new { clientActivityID = clientActivityId ?? Guid.CreateVersion7(DateTimeOffset.UnixEpoch).ToString("N") } });
        Assert.True(status == 200, $"{status}: {body}");
        return (string)body!["id"]!;
    }

    public async Task<string> TapAsync(object value)
    {
        var (status, body) = await PostAsync(new { type = "message", value, channelData = new { postBack = true } });
        Assert.True(status == 200, $"{status}: {body}");
        return (string)body!["id"]!;
    }

    /// <summary>All activities so far, by paging.</summary>
    public async Task<List<JsonNode>> ReadAllAsync()
    {
        var all = new List<JsonNode>();
        string? watermark = null;
        while (true)
        {
            // Tests read faster than people: told to slow down, they do.
            var (status, body) = (429, (JsonNode?)null);
            await Wait.UntilAsync(async () =>
            {
                (status, body) = await SendAsync(HttpMethod.Get, $"conversations/{conversationId}/activities" + (watermark is null ? "" : $"?watermark={watermark}"));
                return status != 429;
            });
            Assert.Equal(200, status);
            var page = body!["activities"]!.AsArray();
            if (page.Count == 0)
            {
                return all;
            }

            all.AddRange(page.Select(activity => activity!));
            watermark = (string)body["watermark"]!;
        }
    }

    /// <summary>Waits for the reply to an activity.</summary>
    public async Task<JsonNode> ReplyToAsync(string activityId) =>
        await Wait.ForAsync<JsonNode>(async () => (await ReadAllAsync()).LastOrDefault(activity => (string?)activity["replyToId"] == activityId && (string?)activity["from"]!["role"] == "bot"));

    /// <summary>Says something and waits for the answer's text.</summary>
    public async Task<string> AskAsync(string text) => (string)(await ReplyToAsync(await SayAsync(text)))["text"]!;

    public async Task<ClientWebSocket> ConnectAsync(string? origin = null)
    {
        var socket = new ClientWebSocket();
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        await socket.ConnectAsync(new Uri(StreamUrl!), CancellationToken.None);
        return socket;
    }

    /// <summary>The next frame: an activity set, or null for a keep-alive. Throws when the socket closes.</summary>
    public static async Task<JsonNode?> ReceiveAsync(WebSocket socket, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, socket.CloseStatusDescription);
            }

            length += part.Count;
            if (part.EndOfMessage)
            {
                return length == 0 ? null : JsonNode.Parse(buffer.AsSpan(0, length));
            }
        }
    }
}
