using System.Text.Json;
using System.Text.RegularExpressions;
using Assistant.Bot.Conversations;

namespace Assistant.Bot.DirectLine;

/// <summary><c>POST /v3/directline/tokens/generate</c>: a token for a new conversation. It does not start the conversation.</summary>
internal static partial class GenerateToken
{
    /// <summary>The body; all of it is optional.</summary>
    internal sealed record Request(RequestUser? User, IReadOnlyList<string>? TrustedOrigins);

    /// <summary>The user the token is for.</summary>
    internal sealed record RequestUser(string? Id, string? Name);

    /// <summary>A token, its conversation and its life in seconds.</summary>
    internal sealed record Response(string ConversationId, string Token, int ExpiresIn, string? StreamUrl = null)
    {
        [System.Text.Json.Serialization.JsonPropertyName("expires_in")]
        public int ExpiresIn { get; init; } = ExpiresIn;
    }

    public static async Task<IResult> HandleAsync(HttpContext context, DirectLineTokens tokens, ConversationStore store)
    {
        var (caller, error) = DirectLineCaller.Authenticate(context, tokens);
        if (caller is null)
        {
            return error!;
        }

        if (!caller.HasSecret)
        {
            return DirectLineError.SecretRequired;
        }

        Request? request;
        try
        {
            request = await ReadBodyAsync<Request>(context);
        }
        catch (JsonException)
        {
            return DirectLineError.Malformed;
        }

        if (request?.User?.Id is { } id && !UserId().IsMatch(id))
        {
            return DirectLineError.BadUserId;
        }

        var conversation = await store.CreateAsync(request?.User?.Id, context.RequestAborted);
        return Results.Ok(new Response(conversation.Id, tokens.Issue(conversation.Id, conversation.UserId), DirectLineTokens.LifetimeSeconds));
    }

    /// <summary>A body that may be absent.</summary>
    /// <exception cref="JsonException">It is there and of another form.</exception>
    internal static async Task<T?> ReadBodyAsync<T>(HttpContext context)
        where T : class
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        return buffer.Length == 0 ? null : JsonSerializer.Deserialize<T>(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), ActivityJson.Options);
    }

    [GeneratedRegex("^dl_[A-Za-z0-9-]{16,61}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UserId();
}
