using System.Text.Json;
using System.Text.Json.Serialization;
using Assistant.Bot.Delegation;
using Banking.Client;

namespace Assistant.Bot.Plugins;

/// <summary>One tool call: whose conversation, which turn, and the stored id that is its idempotency key.</summary>
/// <param name="ConversationKey">Key of the conversation.</param>
/// <param name="ConversationId">What the token is bound to.</param>
/// <param name="TurnId">The turn; audited by the bank.</param>
/// <param name="CallId">The call; audited by the bank, and what makes a repeated call the same call.</param>
internal sealed record ToolCall(long ConversationKey, string ConversationId, string TurnId, string CallId);

/// <summary>The bank as one tool call sees it: with the customer's delegated token, and every fault as a result the planner can read.</summary>
internal sealed class BankSession(BankingApiClient api, DelegatedTokens tokens, TimeProvider clock, ToolCall call)
{
    private const int AttemptsMax = 3;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };

    public ToolCall Call => call;

    /// <summary>Makes the call and shapes what came back; a refusal becomes <c>{"error":{"code","message"}}</c>.</summary>
    public async Task<JsonElement> AskAsync<T>(
        Func<BankingApiClient, CallContext, CancellationToken, Task<ApiResult<T>>> ask, Func<T, object> shape, CancellationToken cancellationToken)
    {
        var result = await SendAsync(ask, cancellationToken);
        return result.Succeeded ? Element(shape(result.Value)) : Error(result.Problem.Code, result.Problem.Detail ?? result.Problem.Title);
    }

    /// <summary>Makes the call. Without an answer the same call is repeated: its key makes it the same command.</summary>
    public async Task<ApiResult<T>> SendAsync<T>(Func<BankingApiClient, CallContext, CancellationToken, Task<ApiResult<T>>> ask, CancellationToken cancellationToken)
    {
        var token = await tokens.GetAsync(call.ConversationKey, cancellationToken);
        if (token is null)
        {
            return new ApiProblem(401, ErrorCodes.Unauthenticated, "The customer has to sign in again.", null, new Dictionary<string, JsonElement>(StringComparer.Ordinal));
        }

        var context = new CallContext { AccessToken = token, ConversationId = call.ConversationId, TurnId = call.TurnId, ToolCallId = call.CallId, IdempotencyKey = call.CallId };
        for (var attempt = 1; ; attempt++)
        {
            var result = await ask(api, context, cancellationToken);
            if (result.Succeeded || result.Problem.Code != ErrorCodes.Unavailable || attempt == AttemptsMax)
            {
                if (result is { Succeeded: false, Problem: { Status: 401, Code: not ErrorCodes.InsufficientUserAuthentication } })
                {
                    await tokens.ForgetAsync(call.ConversationKey, token, cancellationToken);
                    if (attempt < AttemptsMax && await tokens.GetAsync(call.ConversationKey, cancellationToken) is { } renewed && renewed != token)
                    {
                        // Renewed or delegated anew while the call was on its way.
                        token = renewed;
                        context = context with { AccessToken = token };
                        continue;
                    }

                    return result.Problem with { Code = ErrorCodes.Unauthenticated };
                }

                return result;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200 * attempt), clock, cancellationToken);
        }
    }

    public static JsonElement Element(object value) => JsonSerializer.SerializeToElement(value, value.GetType(), Json);

    public static JsonElement Error(string code, string message) => Element(new { error = new { code, message } });
}
