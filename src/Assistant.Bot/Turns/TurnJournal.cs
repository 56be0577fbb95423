using System.Text.Json;
using Assistant.Bot.Conversations;
using Assistant.Bot.Events;
using Assistant.Bot.Planning;
using Assistant.Bot.Redaction;
using Banking.Client;
using Npgsql;

namespace Assistant.Bot.Turns;

/// <inheritdoc cref="ITurnJournal"/>
internal sealed class TurnJournal(NpgsqlDataSource database, ConversationStore store, JournalCipher cipher, TimeProvider clock) : ITurnJournal
{
    /// <summary>Longer than any one model or API call may take; every commit starts it anew.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(45);

    /// <summary>Answered turns that are read back: what the customer said in them still counts as said.</summary>
    private const int HistoryTurns = 100;

    public async Task<AcceptedActivity?> AcceptAsync(Conversation conversation, InboundActivity inbound, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The row lock puts the two deliveries of one message after each other.
        await using (var alive = connection.Statement("select 1 from assistant.conversation where key = $1 and ended_at is null for no key update", conversation.Key))
        {
            if (await alive.ExecuteScalarAsync(cancellationToken) is null)
            {
                return null;
            }
        }

        if (inbound.ClientActivityId is not null)
        {
            await using var before = connection.Statement(
                "select sequence from assistant.activity where conversation_key = $1 and client_activity_id = $2", conversation.Key, inbound.ClientActivityId);
            if (await before.ExecuteScalarAsync(cancellationToken) is long known)
            {
                return new AcceptedActivity(ConversationStore.ActivityId(conversation.Id, known), Repeated: true);
            }
        }

        var (activity, sequence) = await store.AppendAsync(connection, conversation.Key, conversation.Id, "inbound", inbound.Activity, inbound.ClientActivityId, cancellationToken);
        if (inbound.Redacted != RedactedKinds.None)
        {
            var notice = Replies.Message(SecretRedactor.Explain(inbound.Redacted)) with { ReplyToId = activity.Id };
            await store.AppendAsync(connection, conversation.Key, conversation.Id, "outbound", notice, clientActivityId: null, cancellationToken);
        }

        if (inbound.Input is not null)
        {
            await OpenTurnAsync(connection, conversation.Key, inbound.Input, sequence, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return new AcceptedActivity(activity.Id!, Repeated: false);
    }

    public async Task<IReadOnlyList<long>> AcceptEventAsync(BankEvent bankEvent, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var first = connection.Statement(
            "insert into assistant.processed_webhook (id, received_at) values ($1, $2) on conflict do nothing", bankEvent.WebhookId, clock.GetUtcNow()))
        {
            if (await first.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return [];
            }
        }

        var keys = new List<long>();
        if (bankEvent.EndsConversations)
        {
            await ConversationStore.EndAsync(connection, bankEvent.ConversationIds, bankEvent.EndReason, clock.GetUtcNow(), cancellationToken);
        }
        else
        {
            foreach (var id in bankEvent.ConversationIds)
            {
                await using var find = connection.Statement("select key from assistant.conversation where id = $1 and ended_at is null and started_at is not null for no key update", id);
                if (await find.ExecuteScalarAsync(cancellationToken) is long key)
                {
                    await OpenTurnAsync(connection, key, bankEvent.Input, inputSequence: null, cancellationToken);
                    keys.Add(key);
                }
            }
        }

        await transaction.CommitAsync(cancellationToken);
        return keys;
    }

    public async Task<ConversationLease?> TryLeaseAsync(long conversationKey, string owner, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var command = database.Statement(
            """
            update assistant.conversation set lease_owner = $2, lease_token = lease_token + 1, lease_expires_at = $4
             where key = $1 and ended_at is null and (lease_expires_at is null or lease_expires_at <= $3)
            returning id, lease_token
            """,
            conversationKey,
            owner,
            now,
            now + LeaseTime);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? new ConversationLease(conversationKey, rows.GetString(0), owner, rows.GetInt64(1)) : null;
    }

    public async Task ReleaseAsync(ConversationLease lease, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            "update assistant.conversation set lease_owner = null, lease_expires_at = null where key = $1 and lease_token = $2 and lease_owner = $3",
            lease.ConversationKey,
            lease.Token,
            lease.Owner);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<bool> HasOpenTurnAsync(long conversationKey, CancellationToken cancellationToken)
    {
        await using var command = database.Statement("select exists (select 1 from assistant.turn where conversation_key = $1 and state <> 'replied')", conversationKey);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<OpenTurn?> NextAsync(ConversationLease lease, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var answered = new List<(Turn Turn, string? Reply)>();
        Turn? open = null;
        await using (var command = connection.Statement(
            """
            with open_turn as (select key from assistant.turn where conversation_key = $1 and state <> 'replied' order by key limit 1)
            select t.key, t.id, t.state, t.input, t.input_sequence, t.planner, t.created_at, t.reply
              from assistant.turn t, open_turn o
             where t.conversation_key = $1 and t.key <= o.key
             order by t.key desc limit $2
            """,
            lease.ConversationKey,
            HistoryTurns + 1))
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                var turn = new Turn(
                    rows.GetInt64(0),
                    rows.GetString(1),
                    rows.GetString(2),
                    cipher.Open<InputJson>(rows.GetFieldValue<byte[]>(3), JournalCipher.TurnInput).ToInput(),
                    rows.GetValue<long>(4),
                    rows.Get<string>(5),
                    rows.GetFieldValue<DateTimeOffset>(6));
                if (open is null)
                {
                    open = turn;
                }
                else
                {
                    answered.Add((turn, rows.Get<byte[]>(7) is { } reply ? cipher.Open<string>(reply, JournalCipher.TurnReply) : null));
                }
            }
        }

        if (open is null)
        {
            return null;
        }

        answered.Reverse();
        var calls = new List<JournaledCall>();
        await using (var command = connection.Statement(
            """
            select c.id, c.turn_key, c.step, c.planner, c.name, c.arguments, c.result
              from assistant.tool_call c join assistant.turn t on t.key = c.turn_key
             where t.conversation_key = $1 and t.key between $2 and $3
             order by c.turn_key, c.step, c.ordinal
            """,
            lease.ConversationKey,
            answered.Count > 0 ? answered[0].Turn.Key : open.Key,
            open.Key))
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                calls.Add(new JournaledCall(
                    rows.GetString(0),
                    rows.GetInt64(1),
                    rows.GetInt32(2),
                    rows.GetString(3),
                    rows.GetString(4),
                    cipher.Open<JsonElement>(rows.GetFieldValue<byte[]>(5), JournalCipher.CallArguments),
                    rows.Get<byte[]>(6) is { } result ? cipher.Open<JsonElement>(result, JournalCipher.CallResult) : null));
            }
        }

        var events = new List<DialogueEvent>();
        await using (var command = connection.Statement("select content from assistant.dialogue_event where conversation_key = $1 order by key", lease.ConversationKey))
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                events.Add(cipher.Open<DialogueEvent>(rows.GetFieldValue<byte[]>(0), JournalCipher.DialogueEventContent));
            }
        }

        var byTurn = calls.ToLookup(call => call.TurnKey);
        return new OpenTurn(open, [.. byTurn[open.Key]], [.. answered.Select(entry => new AnsweredTurn(entry.Turn, [.. byTurn[entry.Turn.Key]], entry.Reply))], events);
    }

    public Task CommitPlanAsync(ConversationLease lease, Turn turn, IReadOnlyList<JournaledCall> calls, IReadOnlyList<DialogueEvent> events, CancellationToken cancellationToken) =>
        CommitAsync(
            lease,
            async connection =>
            {
                var ordinal = 0;
                foreach (var call in calls)
                {
                    await using var insert = connection.Statement(
                        "insert into assistant.tool_call (id, turn_key, step, ordinal, planner, name, arguments, planned_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                        call.Id,
                        turn.Key,
                        call.Step,
                        ordinal++,
                        call.Planner,
                        call.Name,
                        cipher.Seal(call.Arguments, JournalCipher.CallArguments),
                        clock.GetUtcNow());
                    await insert.ExecuteNonQueryAsync(cancellationToken);
                }

                await AddEventsAsync(connection, lease, turn, events, cancellationToken);
                await SetStateAsync(connection, turn, "planned", cancellationToken);
            },
            cancellationToken);

    public Task CommitResultAsync(ConversationLease lease, Turn turn, string callId, JsonElement result, CancellationToken cancellationToken) =>
        CommitAsync(
            lease,
            async connection =>
            {
                // Also here the first result stays: a call repeated after a crash answers the same, and if it does not, what was used counts.
                await using var update = connection.Statement(
                    "update assistant.tool_call set result = $3, finished_at = $4 where id = $1 and turn_key = $2 and result is null",
                    callId,
                    turn.Key,
                    cipher.Seal(result, JournalCipher.CallResult),
                    clock.GetUtcNow());
                await update.ExecuteNonQueryAsync(cancellationToken);
                await SetStateAsync(connection, turn, "executing", cancellationToken);
            },
            cancellationToken);

    public Task CommitPlannerAsync(ConversationLease lease, Turn turn, string planner, CancellationToken cancellationToken) =>
        CommitAsync(
            lease,
            async connection =>
            {
                await using var update = connection.Statement("update assistant.turn set planner = $2 where key = $1", turn.Key, planner);
                await update.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    public Task CommitReplyAsync(ConversationLease lease, Turn turn, TurnReply reply, CancellationToken cancellationToken) =>
        CommitAsync(
            lease,
            async connection =>
            {
                var replyToId = turn.InputSequence is { } sequence ? ConversationStore.ActivityId(lease.ConversationId, sequence) : null;
                foreach (var activity in reply.Activities)
                {
                    await store.AppendAsync(connection, lease.ConversationKey, lease.ConversationId, "outbound", activity with { ReplyToId = replyToId }, clientActivityId: null, cancellationToken);
                }

                if (reply.ModelConsent is { } consent)
                {
                    await using var decide = connection.Statement("update assistant.conversation set model_consent = $2 where key = $1", lease.ConversationKey, consent);
                    await decide.ExecuteNonQueryAsync(cancellationToken);
                }

                await AddEventsAsync(connection, lease, turn, reply.Events, cancellationToken);
                await using var close = connection.Statement(
                    "update assistant.turn set state = 'replied', replied_at = $2, reply = $3 where key = $1",
                    turn.Key,
                    clock.GetUtcNow(),
                    cipher.Seal(reply.Text, JournalCipher.TurnReply));
                await close.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken);

    public async Task<IReadOnlyList<long>> FindAbandonedAsync(long? conversationKey, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            """
            select c.key from assistant.conversation c
             where c.ended_at is null and (c.lease_expires_at is null or c.lease_expires_at <= $1)
               and ($2::bigint is null or c.key = $2)
               and exists (select 1 from assistant.turn t where t.conversation_key = c.key and t.state <> 'replied')
             order by c.key limit 100
            """,
            clock.GetUtcNow(),
            conversationKey);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<long>();
        while (await rows.ReadAsync(cancellationToken))
        {
            keys.Add(rows.GetInt64(0));
        }

        return keys;
    }

    private static async Task SetStateAsync(NpgsqlConnection connection, Turn turn, string state, CancellationToken cancellationToken)
    {
        await using var update = connection.Statement("update assistant.turn set state = $2 where key = $1", turn.Key, state);
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>One transaction that commits only while the lease is still ours, and keeps it ours for a while longer.</summary>
    private async Task CommitAsync(ConversationLease lease, Func<NpgsqlConnection, Task> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var fence = connection.Statement(
            "update assistant.conversation set lease_expires_at = $4 where key = $1 and lease_token = $2 and lease_owner = $3 and ended_at is null",
            lease.ConversationKey,
            lease.Token,
            lease.Owner,
            clock.GetUtcNow() + LeaseTime))
        {
            if (await fence.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                throw new LeaseLostException();
            }
        }

        await work(connection);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task OpenTurnAsync(NpgsqlConnection connection, long conversationKey, CustomerInput input, long? inputSequence, CancellationToken cancellationToken)
    {
        await using var insert = connection.Statement(
            "insert into assistant.turn (id, conversation_key, input, input_sequence, created_at) values ($1, $2, $3, $4, $5)",
            PublicId.Format("trn", PublicId.NewValue(clock)),
            conversationKey,
            cipher.Seal(InputJson.From(input), JournalCipher.TurnInput),
            inputSequence,
            clock.GetUtcNow());
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task AddEventsAsync(NpgsqlConnection connection, ConversationLease lease, Turn turn, IReadOnlyList<DialogueEvent> events, CancellationToken cancellationToken)
    {
        foreach (var dialogueEvent in events)
        {
            await using var insert = connection.Statement(
                "insert into assistant.dialogue_event (conversation_key, turn_key, content) values ($1, $2, $3)",
                lease.ConversationKey,
                turn.Key,
                cipher.Seal(dialogueEvent, JournalCipher.DialogueEventContent));
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
