using System.Globalization;
using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary><c>GET /v3/directline/conversations/{id}/activities</c>: a page of activities after the watermark; a client pages until it is empty.</summary>
internal static class ReadActivities
{
    public const int PageSize = 50;

    public static async Task<IResult> HandleAsync(HttpContext context, string id, string? watermark, DirectLineTokens tokens, ConversationStore store)
    {
        var (conversation, _, error) = await DirectLineCaller.OpenAsync(context, id, tokens, store);
        if (conversation is null)
        {
            return error!;
        }

        if (!ReconnectConversation.TryReadWatermark(watermark, conversation, out var from))
        {
            return DirectLineError.BadWatermark;
        }

        var (activities, next) = await store.ReadAsync(conversation.Key, from ?? 0, PageSize, context.RequestAborted);
        return Results.Json(new ActivitySet(activities, next.ToString(CultureInfo.InvariantCulture)), ActivityJson.Options);
    }
}
