using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary>Who calls: the holder of the secret (our own web server), or of a token for one conversation.</summary>
internal sealed record DirectLineCaller(DirectLineClaims? Claims)
{
    public bool HasSecret => Claims is null;

    /// <summary>Reads the Authorization header.</summary>
    public static (DirectLineCaller? Caller, DirectLineError? Error) Authenticate(HttpContext context, DirectLineTokens tokens)
    {
        var parts = context.Request.Headers.Authorization.ToString().Split(' ');
        if (parts is not [var scheme, { Length: > 0 } credential] || !string.Equals(scheme, "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return (null, DirectLineError.Unauthorized);
        }

        if (tokens.IsSecret(credential))
        {
            return (new DirectLineCaller(Claims: null), null);
        }

        return tokens.TryRead(credential, out var claims) ? (new DirectLineCaller(claims), null) : (null, DirectLineError.TokenExpired);
    }

    /// <summary>The conversation the caller may use under <paramref name="conversationId"/>; anything else is refused before it is looked up.</summary>
    public static async Task<(Conversation? Conversation, DirectLineCaller? Caller, DirectLineError? Error)> OpenAsync(
        HttpContext context, string conversationId, DirectLineTokens tokens, ConversationStore store)
    {
        var (caller, error) = Authenticate(context, tokens);
        if (caller is null)
        {
            return (null, null, error);
        }

        if (caller.Claims is { } claims && !string.Equals(claims.ConversationId, conversationId, StringComparison.Ordinal))
        {
            return (null, caller, DirectLineError.WrongConversation);
        }

        var conversation = await store.FindAsync(conversationId, context.RequestAborted);
        if (conversation is null or { EndedAt: not null })
        {
            return (null, caller, DirectLineError.NotFound);
        }

        // The user id is part of what was signed; a token of a former user of the same conversation does not exist, but is refused all the same.
        return caller.Claims is { } own && !string.Equals(own.UserId, conversation.UserId, StringComparison.Ordinal)
            ? (null, caller, DirectLineError.WrongConversation)
            : (conversation, caller, null);
    }
}
