using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bank.Web.Sessions;
using Microsoft.AspNetCore.Authentication;
using SecureBank.ServiceDefaults;

namespace Bank.Web.Chat;

/// <summary>
/// Direct Line 3.0 for the chat page, through this origin: the calls Web Chat makes and no others, only for the conversation of the
/// signed-in session, without cookies. Sockets end with the session.
/// </summary>
internal static class DirectLineProxy
{
    private const string Base = "/directline/v3/directline";
    private const int RequestBytesMax = 64 * 1024;
    private const int ResponseBytesMax = 4 * 1024 * 1024;

    /// <summary>Maps the proxied calls. Without a session they answer 403, which Web Chat understands as "ended".</summary>
    public static void MapDirectLine(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup(Base).RequireAuthorization(policy => policy.RequireRole(Roles.Customer)).DisableAntiforgery();
        group.MapPost("/conversations", (HttpContext context, Upstream upstream) => upstream.ForwardAsync(context, "conversations", conversationId: null));
        group.MapPost("/tokens/refresh", (HttpContext context, Upstream upstream) => upstream.ForwardAsync(context, "tokens/refresh", conversationId: null));
        group.MapGet("/conversations/{id}", (HttpContext context, Upstream upstream, string id) => upstream.ForwardAsync(context, $"conversations/{Uri.EscapeDataString(id)}", id));
        group.MapGet("/conversations/{id}/activities", (HttpContext context, Upstream upstream, string id) => upstream.ForwardAsync(context, $"conversations/{Uri.EscapeDataString(id)}/activities", id));
        group.MapPost("/conversations/{id}/activities", (HttpContext context, Upstream upstream, string id) => upstream.ForwardAsync(context, $"conversations/{Uri.EscapeDataString(id)}/activities", id));
        group.MapGet("/conversations/{id}/stream", (HttpContext context, Upstream upstream, string id) => upstream.StreamAsync(context, id));
    }

    /// <summary>The assistant's side of the proxy.</summary>
    internal sealed class Upstream(IHttpClientFactory clients, IConfiguration configuration, ChatStore chats, OpenSockets sockets, IHostApplicationLifetime lifetime, TimeProvider clock)
    {
        private readonly Uri _address = new(configuration.Require("Assistant:BaseAddress").TrimEnd('/') + "/v3/directline/");

        /// <summary>Forwards one call; <paramref name="conversationId"/> is the one its path names, if it names one.</summary>
        public async Task ForwardAsync(HttpContext context, string path, string? conversationId)
        {
            var sessionId = context.User.GetSessionId()!;
            var chat = await chats.FindAsync(sessionId, context.RequestAborted);
            if (chat is null || (conversationId is not null && conversationId != chat.ConversationId))
            {
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "This is not your conversation.");
                return;
            }

            if (context.Request.ContentLength > RequestBytesMax || (context.Request.ContentLength is null && HttpMethods.IsPost(context.Request.Method) && context.Request.Headers.TransferEncoding.Count > 0))
            {
                await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "The message is too long.");
                return;
            }

            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_address, path + context.Request.QueryString));
            if (AuthenticationHeaderValue.TryParse(context.Request.Headers.Authorization, out var authorization))
            {
                request.Headers.Authorization = authorization;
            }

            if (context.Request.ContentLength > 0)
            {
                request.Content = new StreamContent(context.Request.Body);
                request.Content.Headers.ContentLength = context.Request.ContentLength;
                if (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type))
                {
                    request.Content.Headers.ContentType = type;
                }
            }

            HttpResponseMessage response;
            try
            {
                response = await clients.CreateClient(nameof(AssistantClient)).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            }
            catch (HttpRequestException)
            {
                await RefuseAsync(context, StatusCodes.Status502BadGateway, "The assistant cannot be reached.");
                return;
            }

            using (response)
            {
                await response.Content.LoadIntoBufferAsync(ResponseBytesMax, context.RequestAborted);
                var bytes = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
                if (response.IsSuccessStatusCode && !path.EndsWith("/activities", StringComparison.Ordinal))
                {
                    bytes = await AdoptAsync(context, sessionId, chat, bytes);
                }

                context.Response.StatusCode = (int)response.StatusCode;
                context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
                context.Response.ContentLength = bytes.Length;
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            }
        }

        /// <summary>Pumps one stream between the browser and the assistant until either closes, or the session ends.</summary>
        public async Task StreamAsync(HttpContext context, string conversationId)
        {
            var sessionId = context.User.GetSessionId()!;
            if (!context.WebSockets.IsWebSocketRequest)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, "A WebSocket is expected here.");
                return;
            }

            // Browsers let any page open a socket to us and send our cookies with it; only our own pages may (RFC 6455 section 10.2).
            if (context.Request.Headers.Origin != $"{context.Request.Scheme}://{context.Request.Host}"
                || await chats.FindAsync(sessionId, context.RequestAborted) is not { } chat || chat.ConversationId != conversationId)
            {
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "This is not your conversation.");
                return;
            }

            using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            using var registration = sockets.Add(sessionId, ended);
            if ((await context.AuthenticateAsync()).Properties?.ExpiresUtc is { } expiresAt && expiresAt - clock.GetUtcNow() is var life && life < TimeSpan.FromDays(1))
            {
                ended.CancelAfter(life > TimeSpan.Zero ? life : TimeSpan.Zero);
            }

            // Registered first, looked up again after: a sign-out in between is seen by one of the two.
            if (await chats.FindAsync(sessionId, context.RequestAborted) is null)
            {
                await RefuseAsync(context, StatusCodes.Status403Forbidden, "The session has ended.");
                return;
            }

            using var upstream = new ClientWebSocket();
            var target = new UriBuilder(new Uri(_address, $"conversations/{Uri.EscapeDataString(conversationId)}/stream"))
            {
                Scheme = _address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws",
                Query = context.Request.QueryString.Value,
            };
            try
            {
                await upstream.ConnectAsync(target.Uri, ended.Token);
            }
            catch (WebSocketException)
            {
                await RefuseAsync(context, StatusCodes.Status502BadGateway, "The assistant did not open the stream.");
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            using var browser = await context.WebSockets.AcceptWebSocketAsync();
            var down = PumpAsync(upstream, browser, ended.Token);
            var up = PumpAsync(browser, upstream, ended.Token);
            await Task.WhenAny(down, up);
            // Goodbyes before the cancellation: cancelling a receive aborts the socket.
            var over = ended.IsCancellationRequested;
            await CloseAsync(browser, over ? WebSocketCloseStatus.PolicyViolation : upstream.CloseStatus ?? WebSocketCloseStatus.EndpointUnavailable, over ? "session ended" : upstream.CloseStatusDescription);
            await CloseAsync(upstream, WebSocketCloseStatus.NormalClosure, "client left");
            await ended.CancelAsync();
            await Task.WhenAll(down, up);
        }

        // Keeps the newest channel token with the session, and points the stream at this origin instead of the assistant's.
        private async Task<byte[]> AdoptAsync(HttpContext context, string sessionId, ChatState chat, byte[] body)
        {
            if (Parse(body) is not JsonObject answer)
            {
                return body;
            }

            if ((string?)answer["conversationId"] == chat.ConversationId && (string?)answer["token"] is { Length: > 0 } token)
            {
                await chats.SetAsync(sessionId, chat, chat with { Token = token, Started = chat.Started || answer.ContainsKey("streamUrl") }, context.RequestAborted);
            }

            if ((string?)answer["streamUrl"] is { } streamUrl && Uri.TryCreate(streamUrl, UriKind.Absolute, out var stream))
            {
                var scheme = context.Request.IsHttps ? "wss" : "ws";
                answer["streamUrl"] = $"{scheme}://{context.Request.Host}{Base}/conversations/{Uri.EscapeDataString(chat.ConversationId)}/stream{stream.Query}";
            }

            return JsonSerializer.SerializeToUtf8Bytes(answer);
        }

        private static JsonNode? Parse(byte[] body)
        {
            try
            {
                return JsonNode.Parse(body);
            }
            catch (JsonException)
            {
                return null;
            }
        }

        private static async Task PumpAsync(WebSocket from, WebSocket to, CancellationToken cancellationToken)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                while (from.State == WebSocketState.Open && to.State == WebSocketState.Open)
                {
                    var part = await from.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                    if (part.MessageType == WebSocketMessageType.Close)
                    {
                        return;
                    }

                    await to.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, cancellationToken);
                }
            }
            catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException)
            {
                // A broken or cancelled side is the end of the stream; Web Chat reconnects if it may.
            }
        }

        private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string? description)
        {
            // An aborted socket has nobody to say goodbye to.
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                try
                {
                    await socket.CloseOutputAsync(status, description, patience.Token);
                }
                catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or IOException)
                {
                    socket.Abort();
                }
            }
        }

        private static Task RefuseAsync(HttpContext context, int status, string detail)
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsJsonAsync(new { error = new { code = status == 403 ? "Forbidden" : "BadRequest", message = detail } });
        }
    }
}
