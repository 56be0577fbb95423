using System.Text.Json;
using Assistant.Bot.Conversations;
using Assistant.Bot.Planning;
using Assistant.Bot.Redaction;

namespace Assistant.Bot.Turns;

/// <summary>An activity of the customer after every check and redaction.</summary>
/// <param name="Activity">As it is stored and shown back.</param>
/// <param name="ClientActivityId">What the client knows it by; the same one twice is the same activity.</param>
/// <param name="Input">What a turn answers, or null when there is nothing to plan (an event, or a message that was only a secret).</param>
/// <param name="Redacted">What was removed; the customer is told.</param>
internal sealed record InboundActivity(Activity Activity, string? ClientActivityId, CustomerInput? Input, RedactedKinds Redacted);

/// <summary>An activity that is committed, now or by an earlier attempt.</summary>
internal sealed record AcceptedActivity(string ActivityId, bool Repeated);

/// <summary>The right to work on a conversation. Whoever holds an older token can commit nothing.</summary>
internal sealed record ConversationLease(long ConversationKey, string ConversationId, string Owner, long Token);

/// <summary>A turn of the journal. <paramref name="Input"/> is what started it.</summary>
internal sealed record Turn(long Key, string Id, string State, CustomerInput Input, long? InputSequence, string? Planner, DateTimeOffset CreatedAt);

/// <summary>A tool call of the journal; without a result it is still to be made, or to be made again with the same id.</summary>
internal sealed record JournaledCall(string Id, long TurnKey, int Step, string Planner, string Name, JsonElement Arguments, JsonElement? Result);

/// <summary>A turn that was answered.</summary>
internal sealed record AnsweredTurn(Turn Turn, IReadOnlyList<JournaledCall> Calls, string? Reply);

/// <summary>The oldest open turn of a conversation and everything that was said and done before it.</summary>
internal sealed record OpenTurn(
    Turn Turn,
    IReadOnlyList<JournaledCall> Calls,
    IReadOnlyList<AnsweredTurn> History,
    IReadOnlyList<DialogueEvent> Events);

/// <summary>What a turn says at its end: activities in order, and the plain text of them for later turns.</summary>
internal sealed record TurnReply(string Text, IReadOnlyList<Activity> Activities, IReadOnlyList<DialogueEvent> Events, bool? ModelConsent = null);

/// <summary>Another process has the conversation, or it has ended. Nothing was committed; whoever holds it goes on.</summary>
internal sealed class LeaseLostException() : Exception("The conversation is held by another process or has ended.");

/// <summary>
/// The journal of turns. Each method is one commit; between them the process may die anywhere, and the next holder of the
/// lease finds exactly what was committed.
/// </summary>
internal interface ITurnJournal
{
    /// <summary>Commits what the customer said and opens its turn. Null when the conversation has ended.</summary>
    Task<AcceptedActivity?> AcceptAsync(Conversation conversation, InboundActivity inbound, CancellationToken cancellationToken);

    /// <summary>
    /// Commits an event of the bank, once per webhook id: ends conversations whose session ended, opens a turn in the others.
    /// The keys of conversations that now have a turn to run; empty for a repeated delivery.
    /// </summary>
    Task<IReadOnlyList<long>> AcceptEventAsync(Events.BankEvent bankEvent, CancellationToken cancellationToken);

    /// <summary>Takes the conversation for <see cref="TurnJournal.LeaseTime"/>; null when another process has it.</summary>
    Task<ConversationLease?> TryLeaseAsync(long conversationKey, string owner, CancellationToken cancellationToken);

    /// <summary>Gives the conversation back.</summary>
    Task ReleaseAsync(ConversationLease lease, CancellationToken cancellationToken);

    /// <summary>The oldest turn that is not answered; null when there is none.</summary>
    Task<OpenTurn?> NextAsync(ConversationLease lease, CancellationToken cancellationToken);

    /// <summary>Whether an unanswered turn waits.</summary>
    Task<bool> HasOpenTurnAsync(long conversationKey, CancellationToken cancellationToken);

    /// <summary>Commits calls before any of them is made.</summary>
    Task CommitPlanAsync(ConversationLease lease, Turn turn, IReadOnlyList<JournaledCall> calls, IReadOnlyList<DialogueEvent> events, CancellationToken cancellationToken);

    /// <summary>Commits what a call answered.</summary>
    Task CommitResultAsync(ConversationLease lease, Turn turn, string callId, JsonElement result, CancellationToken cancellationToken);

    /// <summary>Commits which planner the rest of the turn is with.</summary>
    Task CommitPlannerAsync(ConversationLease lease, Turn turn, string planner, CancellationToken cancellationToken);

    /// <summary>Commits the reply; the turn is over.</summary>
    Task CommitReplyAsync(ConversationLease lease, Turn turn, TurnReply reply, CancellationToken cancellationToken);

    /// <summary>Conversations with an unanswered turn that nobody works on; all of them, or the one asked about.</summary>
    Task<IReadOnlyList<long>> FindAbandonedAsync(long? conversationKey, CancellationToken cancellationToken);
}
