using System.Globalization;
using System.Text.Json;
using Assistant.Bot.Cards;
using Assistant.Bot.Conversations;
using Assistant.Bot.Planning;
using Assistant.Bot.Planning.Gate;
using Assistant.Bot.Planning.Grounding;
using Banking.Client;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Turns;

/// <summary>
/// Answers the open turns of one conversation, in order. Each step is committed before the next begins and no transaction is open while a
/// planner or the bank is asked, so the process may die between any two commits and another goes on from the last one.
/// </summary>
internal sealed class TurnRunner(
    ITurnJournal journal,
    ConversationStore store,
    ToolExecutor tools,
    Planners planners,
    CardRenderer cards,
    IAmountReader amounts,
    Hosting.AssistantSettings settings,
    TimeProvider clock,
    ILogger<TurnRunner> logger)
{
    /// <summary>Tool calls of one turn.</summary>
    public const int CallsMax = 8;

    private const int ArgumentsLengthMax = 4096;

    private static readonly TimeSpan StepTimeMax = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan TurnTimeMax = TimeSpan.FromSeconds(90);

    private readonly string _owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.CreateVersion7(clock.GetUtcNow()):N}";

    /// <summary>Takes the conversation, answers what is open, gives it back. Returns at once when another process has it.</summary>
    public async Task RunAsync(long conversationKey, CancellationToken cancellationToken)
    {
        do
        {
            if (await journal.TryLeaseAsync(conversationKey, _owner, cancellationToken) is not { } lease)
            {
                return;
            }

            while (await journal.NextAsync(lease, cancellationToken) is { } open)
            {
                await AnswerAsync(lease, open, cancellationToken);
            }

            await journal.ReleaseAsync(lease, cancellationToken);
        }
        while (await journal.HasOpenTurnAsync(conversationKey, cancellationToken));
    }

    private async Task AnswerAsync(ConversationLease lease, OpenTurn open, CancellationToken cancellationToken)
    {
        var turn = open.Turn;
        if (ModelConsent.Read(turn.Input) is { } consented)
        {
            var thanks = consented
                ? "Thank you. I will use the external model from now on. How can I help?"
                : "Understood: I answer without the external model. How can I help?";
            await journal.CommitReplyAsync(lease, turn, Replies.Say(thanks) with { ModelConsent = consented }, cancellationToken);
            return;
        }

        if (turn.Input is CustomerInput.Event happened && BankNews.Compose(happened, open, cards) is { } news)
        {
            await journal.CommitReplyAsync(lease, turn, news, cancellationToken);
            return;
        }

        if (turn.Input is not CustomerInput.Event)
        {
            await store.NotifyTypingAsync(lease.ConversationKey, cancellationToken);
        }

        await journal.CommitReplyAsync(lease, turn, await WorkAsync(lease, open, cancellationToken), cancellationToken);
    }

    /// <summary>Steps of one turn until there is something to say.</summary>
    private async Task<TurnReply> WorkAsync(ConversationLease lease, OpenTurn open, CancellationToken cancellationToken)
    {
        var turn = open.Turn;
        var calls = open.Calls.ToList();
        var before = DialogueState.Fold(open.Events);
        var state = before;
        var planner = planners.Choose(open, planners.Model is null ? null : await store.GetModelConsentAsync(lease.ConversationKey, cancellationToken));
        var startedAt = clock.GetUtcNow();
        while (true)
        {
            for (var i = 0; i < calls.Count; i++)
            {
                if (calls[i].Result is not null)
                {
                    continue;
                }

                var evidence = Evidence.Collect(open, calls, calls[i].Step, before, amounts);
                var result = await tools.ExecuteAsync(lease, turn, calls[i], evidence, cancellationToken);
                await journal.CommitResultAsync(lease, turn, calls[i].Id, result, cancellationToken);
                calls[i] = calls[i] with { Result = result };
            }

            if (calls.Exists(call => HasError(call, ErrorCodes.Unauthenticated)))
            {
                return SignInAgain();
            }

            var own = calls.Where(call => string.Equals(call.Planner, planner.Name, StringComparison.Ordinal)).ToList();
            PlannerStep? step = null;
            if (own.Count < CallsMax && clock.GetUtcNow() - startedAt < TurnTimeMax)
            {
                step = await AskAsync(planner, lease, open, own, state, cancellationToken);
            }

            switch (step)
            {
                case PlannerStep.CallTools plan when plan.Calls.Count > 0 && plan.Calls.Count <= CallsMax - own.Count:
                    var planned = Journal(turn, plan.Calls, calls, planner);
                    await journal.CommitPlanAsync(lease, turn, planned, plan.Events, cancellationToken);
                    calls.AddRange(planned);
                    state = plan.Events.Aggregate(state, (current, next) => current.Apply(next));
                    break;

                case PlannerStep.Reply reply when ReferenceEquals(planner, planners.Embedded):
                    return Compose(reply);

                case PlannerStep.Reply reply:
                    // What a model says in figures must be in what the bank answered; if it is not, the bank's answer speaks for itself.
                    var facts = own.Where(call => call.Result is not null).ToList();
                    if (!GroundingCheck.IsGrounded(reply.Text, facts))
                    {
                        logger.LogWarning("A reply of {Planner} in turn {Turn} was not grounded and is not sent.", planner.Name, turn.Id);
                        return Compose(ResultReply.Compose(facts));
                    }

                    return Compose(reply with { Cards = ResultReply.Compose(facts).Cards, Events = ResultReply.Compose(facts).Events });

                case null when own.Count >= CallsMax && ReferenceEquals(planner, planners.Embedded):
                    return Replies.Say(Replies.TooMuch);

                default:
                    if (ReferenceEquals(planner, planners.Embedded))
                    {
                        return Replies.Say(calls.Exists(call => HasError(call, ErrorCodes.Unavailable)) ? Replies.BankUnavailable : Replies.Trouble);
                    }

                    logger.LogWarning("The model failed in turn {Turn}; the embedded planner goes on.", turn.Id);
                    if (own.Exists(call => Plugins.ToolSet.Consequential.Contains(call.Name) && call.Result is { } result && !result.TryGetProperty("error", out _)))
                    {
                        // Something was prepared already; planning the message again would prepare it twice.
                        return Compose(ResultReply.Compose(own));
                    }

                    planner = planners.Embedded;
                    await journal.CommitPlannerAsync(lease, turn, planner.Name, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>The planner's next step; null when it failed, which is no reason for the turn to fail.</summary>
    private async Task<PlannerStep?> AskAsync(IPlanner planner, ConversationLease lease, OpenTurn open, IReadOnlyList<JournaledCall> calls, DialogueState state, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StepTimeMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var request = new PlannerTurn(
                lease.ConversationId, open.Turn.Id, open.Turn.CreatedAt, settings.TimeZone, TurnHistory.Compose(open, calls), tools.Declarations, state, open.Turn.Input);
            return await planner.NextAsync(request, either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A planner is not trusted to fail in any particular way.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            logger.LogWarning("The planner {Planner} failed in turn {Turn}: {Fault}.", planner.Name, open.Turn.Id, fault.GetType().Name);
            return null;
        }
    }

    // Ids are ours: one that a planner made could be that of an earlier call. They count per planner, so that the embedded planner,
    // taking over from the model, finds the results of its own calls under the ids it expects.
    private List<JournaledCall> Journal(Turn turn, IReadOnlyList<FunctionCallContent> planned, List<JournaledCall> before, IPlanner planner)
    {
        var step = before.Count == 0 ? 1 : before[^1].Step + 1;
        var number = before.Count(call => string.Equals(call.Planner, planner.Name, StringComparison.Ordinal));
        var mark = ReferenceEquals(planner, planners.Embedded) ? "" : "m";
        return [.. planned.Select(call => new JournaledCall(
            string.Create(CultureInfo.InvariantCulture, $"{turn.Id}.{mark}{++number}"), turn.Key, step, planner.Name, call.Name.Length > 64 ? call.Name[..64] : call.Name, Arguments(call), Result: null))];
    }

    private static JsonElement Arguments(FunctionCallContent call)
    {
        var arguments = JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal));
        // An oversized call is kept as one that no tool accepts, so that the planner learns why.
        return arguments.GetRawText().Length <= ArgumentsLengthMax ? arguments : JsonSerializer.SerializeToElement("too long");
    }

    private static bool HasError(JournaledCall call, string code) =>
        call.Result is { ValueKind: JsonValueKind.Object } result && result.TryGetProperty("error", out var error) && CardElements.Get(error, "code") == code;

    private TurnReply SignInAgain()
    {
        var link = new CardRequest(CardKinds.Link, JsonSerializer.SerializeToElement(new { title = "Sign in", link = settings.WebBaseAddress + "/" }));
        return new TurnReply(Replies.SignInAgain, [Replies.Message(Replies.SignInAgain, cards.Render([link]))], []);
    }

    private TurnReply Compose(PlannerStep.Reply reply) =>
        new(reply.Text, [Replies.Message(reply.Text, cards.Render(reply.Cards), reply.SuggestedReplies)], reply.Events);
}
