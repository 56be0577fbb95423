using Bank.Web.Approvals;
using Bank.Web.Errors;
using Bank.Web.Pages;
using Bank.Web.Sessions;
using Banking.Client;

namespace Bank.Web.Chat;

/// <summary>What the chat page needs to open, or resume, the session's conversation.</summary>
internal sealed record ChatSessionAnswer(string ConversationId, string Token, string Domain, bool Resume);

/// <summary>
/// Opens the chat: a conversation per signed-in session, kept over reloads, and a fresh grant for the assistant each time, so that
/// it can read and draft for this customer in this conversation only.
/// </summary>
internal static class ChatSession
{
    /// <summary>Maps <c>POST /chat/session</c>.</summary>
    public static void MapChatSession(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/chat/session", OpenAsync).RequireAuthorization(Roles.Customer).AddEndpointFilter<RequireAntiforgery>();

    private static async Task<IResult> OpenAsync(HttpContext context, BankingApiClient api, AssistantClient assistant, ChatStore chats, ILogger<ChatStore> logger)
    {
        var cancellationToken = context.RequestAborted;
        var sessionId = context.User.GetSessionId()!;
        try
        {
            var known = await chats.FindAsync(sessionId, cancellationToken);
            var token = known is null ? null : await assistant.RefreshTokenAsync(known.Token, cancellationToken);
            var resumed = token is not null && token.ConversationId == known!.ConversationId;
            if (!resumed)
            {
                token = await assistant.GenerateTokenAsync(cancellationToken);
            }

            var state = await chats.SetAsync(sessionId, known, new ChatState(token!.ConversationId, token.Token, Started: resumed && known!.Started), cancellationToken);
            if (state is null)
            {
                return TypedResults.Unauthorized();
            }

            var grant = await api.CreateDelegationGrantAsync(new CreateDelegationGrant(state.ConversationId), await context.GetCallAsync(), cancellationToken);
            if (!grant.Succeeded)
            {
                return grant.Problem.Code == ErrorCodes.Unauthenticated
                    ? TypedResults.Unauthorized()
                    : TypedResults.Problem(Explanation.Of(grant.Problem), statusCode: StatusCodes.Status503ServiceUnavailable);
            }

            await assistant.DelegateAsync(state.ConversationId, grant.Value.Grant, cancellationToken);
            return TypedResults.Json(new ChatSessionAnswer(state.ConversationId, state.Token, "/directline/v3/directline", state.Started));
        }
        catch (HttpRequestException fault)
        {
            logger.LogWarning(fault, "The assistant did not open the conversation.");
            return TypedResults.Problem("The assistant cannot be reached.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
