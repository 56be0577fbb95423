using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary><c>POST /v3/directline/tokens/refresh</c>: a new token for the same conversation and user. An expired token cannot be refreshed.</summary>
internal static class RefreshToken
{
    public static async Task<IResult> HandleAsync(HttpContext context, DirectLineTokens tokens, ConversationStore store)
    {
        var (caller, error) = DirectLineCaller.Authenticate(context, tokens);
        if (caller is null)
        {
            return error!;
        }

        if (caller.Claims is not { } claims)
        {
            return DirectLineError.BadArgument("A secret needs no refresh.");
        }

        var conversation = await store.FindAsync(claims.ConversationId, context.RequestAborted);
        return conversation is null or { EndedAt: not null }
            ? DirectLineError.TokenExpired
            : Results.Ok(new GenerateToken.Response(claims.ConversationId, tokens.Issue(claims.ConversationId, claims.UserId), DirectLineTokens.LifetimeSeconds));
    }
}
