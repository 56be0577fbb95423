using System.Text.Json;
using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary><c>POST /v3/directline/conversations</c>: opens the token's conversation (201), or returns it when it is open (200).</summary>
internal static class StartConversation
{
    public static async Task<IResult> HandleAsync(HttpContext context, DirectLineTokens tokens, ConversationStore store, Greeting greeting)
    {
        var (caller, error) = DirectLineCaller.Authenticate(context, tokens);
        if (caller is null)
        {
            return error!;
        }

        try
        {
            // Web Chat sends {"user":{},"locale":"en-GB"}: nothing in it may choose who the user is, so it is only checked for form.
            await GenerateToken.ReadBodyAsync<System.Text.Json.Nodes.JsonObject>(context);
        }
        catch (JsonException)
        {
            return DirectLineError.Malformed;
        }

        var conversation = caller.Claims is { } claims
            ? await store.FindAsync(claims.ConversationId, context.RequestAborted)
            : await store.CreateAsync(userId: null, context.RequestAborted);
        if (conversation is null or { EndedAt: not null })
        {
            return DirectLineError.NotFound;
        }

        var started = await store.StartAsync(conversation, greeting.Compose(), context.RequestAborted);
        // From the beginning: what was said before the first socket opened is said to it first.
        var ticket = await store.IssueTicketAsync(conversation.Key, watermark: 0, context.RequestAborted);
        var response = new GenerateToken.Response(
            conversation.Id, tokens.Issue(conversation.Id, conversation.UserId), DirectLineTokens.LifetimeSeconds, StreamAddress(context, conversation.Id, ticket));
        return Results.Json(response, ActivityJson.Options, statusCode: started ? 201 : 200);
    }

    /// <summary>The stream's absolute address as the client reaches us, which behind our own web server is that server's.</summary>
    internal static string StreamAddress(HttpContext context, string conversationId, string ticket) =>
        $"{(context.Request.IsHttps ? "wss" : "ws")}://{context.Request.Host}{context.Request.PathBase}/v3/directline/conversations/{Uri.EscapeDataString(conversationId)}/stream?t={ticket}";
}
