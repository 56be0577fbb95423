using System.Text.Json;
using Assistant.Bot.Conversations;
using Assistant.Bot.DirectLine;
using Banking.Client;

namespace Assistant.Bot.Delegation;

/// <summary><c>POST /internal/conversations/{id}/delegation</c>: our own web server hands over the grant it got for the signed-in customer.</summary>
internal static class AcceptDelegation
{
    /// <summary>The one-time grant and the customer's language.</summary>
    internal sealed record Request(string? Grant, string? Locale);

    public static async Task<IResult> HandleAsync(HttpContext context, string id, DirectLineTokens tokens, ConversationStore store, DelegatedTokens delegated)
    {
        var (conversation, caller, error) = await DirectLineCaller.OpenAsync(context, id, tokens, store);
        if (error is not null)
        {
            return error;
        }

        if (!caller!.HasSecret)
        {
            return DirectLineError.SecretRequired;
        }

        Request? request;
        try
        {
            request = await GenerateToken.ReadBodyAsync<Request>(context);
        }
        catch (JsonException)
        {
            return DirectLineError.Malformed;
        }

        if (request?.Grant is not { Length: > 0 and <= 512 } grant)
        {
            return DirectLineError.MissingProperty("'grant' is required.");
        }

        var locale = request.Locale is { Length: >= 2 and <= 35 } given && given.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? given : null;
        return await delegated.RedeemAsync(conversation!, grant, locale, context.RequestAborted) switch
        {
            null => Results.NoContent(),
            { Code: ErrorCodes.Unavailable } => new DirectLineError(502, "BankUnavailable", "The bank did not answer; the grant may be handed over again."),
            var problem => new DirectLineError(403, "GrantRefused", $"The bank refused the grant: {problem.Code}."),
        };
    }
}
