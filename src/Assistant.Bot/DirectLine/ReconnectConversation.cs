using System.Globalization;
using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary><c>GET /v3/directline/conversations/{id}</c>: a new stream address. With a watermark the stream begins after it, without one only what is new is sent.</summary>
internal static class ReconnectConversation
{
    public static async Task<IResult> HandleAsync(HttpContext context, string id, string? watermark, DirectLineTokens tokens, ConversationStore store)
    {
        var (conversation, _, error) = await DirectLineCaller.OpenAsync(context, id, tokens, store);
        if (conversation is null)
        {
            return error!;
        }

        if (!TryReadWatermark(watermark, conversation, out var from))
        {
            return DirectLineError.BadWatermark;
        }

        var ticket = await store.IssueTicketAsync(conversation.Key, from ?? conversation.LastSequence, context.RequestAborted);
        return Results.Json(
            new GenerateToken.Response(
                conversation.Id,
                tokens.Issue(conversation.Id, conversation.UserId),
                DirectLineTokens.LifetimeSeconds,
                StartConversation.StreamAddress(context, conversation.Id, ticket)),
            ActivityJson.Options);
    }

    /// <summary>A watermark of this conversation: the sequence of an activity it has. Absent, empty and the literal <c>null</c> of some clients mean none.</summary>
    internal static bool TryReadWatermark(string? text, Conversation conversation, out long? watermark)
    {
        watermark = null;
        if (string.IsNullOrEmpty(text) || string.Equals(text, "null", StringComparison.Ordinal))
        {
            return true;
        }

        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value > conversation.LastSequence)
        {
            return false;
        }

        watermark = value;
        return true;
    }
}
