using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary>
/// <c>GET /v3/directline/conversations/{id}/stream</c>: the WebSocket. It is fed from the database by sequence and keeps nothing of
/// its own, so a socket that breaks anywhere is continued by the next one from the client's watermark.
/// </summary>
internal sealed class Stream(ConversationStore store, ConversationSignals signals, Hosting.AssistantSettings settings, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private const int ReceiveLimit = 1024;

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    public static Task<IResult> HandleAsync(HttpContext context, string id, string? t, string? watermark, Stream stream) => stream.RunAsync(context, id, t, watermark);

    private async Task<IResult> RunAsync(HttpContext context, string id, string? ticket, string? watermark)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return DirectLineError.SocketExpected;
        }

        // Browsers always send the page's origin and let no script change it; other clients send none and hold the ticket.
        if (context.Request.Headers.Origin is [{ } origin, ..] && !settings.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            return DirectLineError.ForeignOrigin;
        }

        if (string.IsNullOrEmpty(ticket) || await store.RedeemTicketAsync(id, ticket, context.RequestAborted) is not { } redeemed)
        {
            return DirectLineError.TicketInvalid;
        }

        if (await store.FindAsync(redeemed.ConversationKey, context.RequestAborted) is not { EndedAt: null } conversation)
        {
            return DirectLineError.NotFound;
        }

        if (!ReconnectConversation.TryReadWatermark(watermark, conversation, out var from))
        {
            return DirectLineError.BadWatermark;
        }

        // Listening before the first read: what is committed after that read raises a signal we hear.
        using var subscription = signals.Subscribe(conversation.Key);
        if (await store.ClaimSocketAsync(conversation.Key, context.RequestAborted) is not { } epoch)
        {
            return DirectLineError.NotFound;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var receiving = ReceiveAsync(socket, stopping);
        try
        {
            await SendAsync(socket, conversation, from ?? redeemed.Watermark, epoch, subscription, stopping.Token);
            // We closed: the client answers with its own close, and breaking off earlier could cost it the reason.
            await receiving.WaitAsync(TimeSpan.FromSeconds(2), clock, stopping.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException or TimeoutException)
        {
            // The client left, or we are stopping: it reconnects with its watermark.
        }
        finally
        {
            await stopping.CancelAsync();
            await receiving;
        }

        return Results.Empty;
    }

    private async Task SendAsync(WebSocket socket, Conversation conversation, long cursor, long epoch, ConversationSignals.Subscription subscription, CancellationToken cancellationToken)
    {
        var signal = ConversationSignal.Read;
        while (true)
        {
            // Before the activities: merged signals may bring the reply as well, and typing after a reply would promise another.
            if (signal.HasFlag(ConversationSignal.Typing))
            {
                var typing = new Activity { Type = "typing", From = Conversation.Bot, Conversation = new ConversationAccount(conversation.Id), Timestamp = clock.GetUtcNow() };
                await SendAsync(socket, new ActivitySet([typing], Watermark: null), cancellationToken);
            }

            if (signal.HasFlag(ConversationSignal.Read))
            {
                while (true)
                {
                    var current = await store.FindAsync(conversation.Key, cancellationToken);
                    if (current is null or { EndedAt: not null })
                    {
                        await CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, "ended", cancellationToken);
                        return;
                    }

                    if (current.SocketEpoch != epoch)
                    {
                        await CloseAsync(socket, WebSocketCloseStatus.PolicyViolation, "collision", cancellationToken);
                        return;
                    }

                    var (activities, next) = await store.ReadAsync(conversation.Key, cursor, ReadActivities.PageSize, cancellationToken);
                    if (activities.Count == 0)
                    {
                        break;
                    }

                    await SendAsync(socket, new ActivitySet(activities, next.ToString(CultureInfo.InvariantCulture)), cancellationToken);
                    cursor = next;
                }
            }

            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            quiet.CancelAfter(KeepAlive);
            try
            {
                signal = await subscription.WaitAsync(quiet.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Quiet for a while: an empty frame keeps intermediaries from closing, and one look covers a listener that is reconnecting.
                await socket.SendAsync(Array.Empty<byte>(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                signal = ConversationSignal.Read;
            }
        }
    }

    // The client sends keep-alives only; they are read so that its close is noticed. Anything long is no Direct Line client.
    private static async Task ReceiveAsync(WebSocket socket, CancellationTokenSource stopping)
    {
        var buffer = new byte[ReceiveLimit];
        try
        {
            var length = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), stopping.Token);
                length = received.EndOfMessage ? 0 : length + received.Count;
                if (received.MessageType == WebSocketMessageType.Close || length > ReceiveLimit)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // Same as a close.
        }

        await stopping.CancelAsync();
    }

    private static Task SendAsync(WebSocket socket, ActivitySet set, CancellationToken cancellationToken) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(set, ActivityJson.Options), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    private static Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason, CancellationToken cancellationToken) =>
        socket.CloseOutputAsync(status, reason, cancellationToken);
}
