using System.Text.Json;
using Assistant.Bot.Cards;
using Assistant.Bot.Turns;
using SecureBank.ServiceDefaults;

namespace Assistant.Bot.Events;

/// <summary>
/// <c>POST /events</c>: the bank tells what happened. Signed (Standard Webhooks), delivered at least once, taken once: the answer is given
/// after the event and what it opens are committed together.
/// </summary>
internal static class ReceiveEvent
{
    private const int ConversationsMax = 1000;

    public static async Task<IResult> HandleAsync(HttpContext context, EventSignature signature, ITurnJournal journal, TurnDispatcher dispatcher, ILogger<BankEvent> logger)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var body = buffer.ToArray();
        var headers = context.Request.Headers;
        var id = headers[EventSignature.IdHeader].ToString();
        if (id.Length > 200 || !signature.Verify(id, headers[EventSignature.TimestampHeader], headers[EventSignature.SignatureHeader], body))
        {
            logger.LogWarning("An event without a valid signature was refused.");
            return Results.Problem(statusCode: 401, title: "The signature is missing, wrong or too old.", extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = "signature_invalid" });
        }

        BankEvent? bankEvent;
        try
        {
            bankEvent = Read(id, body);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            bankEvent = null;
        }

        if (bankEvent is null)
        {
            return Results.Problem(statusCode: 400, title: "The body is not a CloudEvents 1.0 object.", extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = "malformed_request" });
        }

        if (bankEvent.Type is not (BankEventTypes.PaymentStateChanged or BankEventTypes.PayeeCreated or BankEventTypes.SessionEnded))
        {
            // A newer bank may report more than this version knows.
            return Results.NoContent();
        }

        foreach (var key in await journal.AcceptEventAsync(bankEvent, context.RequestAborted))
        {
            dispatcher.Signal(key);
        }

        return Results.NoContent();
    }

    private static BankEvent? Read(string id, byte[] body)
    {
        var root = JsonSerializer.Deserialize<JsonElement>(body);
        if (CardElements.Get(root, "type") is not { } type || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var conversations = new List<string>();
        if (CardElements.Get(data, "conversationId") is { } one)
        {
            conversations.Add(one);
        }

        if (data.TryGetProperty("conversationIds", out var many) && many.ValueKind == JsonValueKind.Array)
        {
            conversations.AddRange(many.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).Take(ConversationsMax));
        }

        return new BankEvent(id, type, data, [.. conversations.Distinct(StringComparer.Ordinal)]);
    }
}
