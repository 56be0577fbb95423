using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace Assistant.Bot.Conversations;

/// <summary>Conversations and their activities in the database. Any number of processes may use it at once.</summary>
internal sealed class ConversationStore(NpgsqlDataSource database, JournalCipher cipher, TimeProvider clock)
{
    /// <summary>Channel of PostgreSQL's NOTIFY. Payload: <c>a:key</c> something to read, <c>t:key</c> the assistant is typing.</summary>
    public const string NotifyChannel = "assistant_conversation";

    private const string Columns = "key, id, user_id, locale, started_at, ended_at, last_sequence, socket_epoch";

    public async Task<Conversation> CreateAsync(string? userId, CancellationToken cancellationToken)
    {
        var id = "cnv_" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        userId ??= "dl_" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        await using var command = database.Statement(
            $"insert into assistant.conversation (id, user_id, created_at) values ($1, $2, $3) returning {Columns}", id, userId, clock.GetUtcNow());
        return (await ReadAsync(command, cancellationToken))!;
    }

    public async Task<Conversation?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var command = database.Statement($"select {Columns} from assistant.conversation where id = $1", id);
        return await ReadAsync(command, cancellationToken);
    }

    public async Task<Conversation?> FindAsync(long key, CancellationToken cancellationToken)
    {
        await using var command = database.Statement($"select {Columns} from assistant.conversation where key = $1", key);
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Opens the conversation with its first words. False when it was open already, so that a retried start says them once.</summary>
    public async Task<bool> StartAsync(Conversation conversation, IReadOnlyList<Activity> greeting, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var start = connection.Statement(
            "update assistant.conversation set started_at = $2 where key = $1 and started_at is null and ended_at is null", conversation.Key, clock.GetUtcNow());
        if (await start.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }

        foreach (var activity in greeting)
        {
            await AppendAsync(connection, conversation.Key, conversation.Id, "outbound", activity, clientActivityId: null, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Ends conversations at once: their sockets close, their tokens open nothing, and the delegated token is gone.</summary>
    public async Task<int> EndAsync(IReadOnlyList<string> ids, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await EndAsync(connection, ids, reason, clock.GetUtcNow(), cancellationToken);
    }

    internal static async Task<int> EndAsync(NpgsqlConnection connection, IReadOnlyList<string> ids, string reason, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(
            """
            with ended as (
                update assistant.conversation
                   set ended_at = $2, end_reason = $3, delegated_token = null, delegation_expires_at = null
                 where id = any($1) and ended_at is null
                returning key)
            select count(*), count(pg_notify('assistant_conversation', 'a:' || key)) from ended
            """,
            ids.ToArray(),
            now,
            reason);
        return (int)(long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Activities after <paramref name="watermark"/>, oldest first, with the watermark after the last.</summary>
    public async Task<(IReadOnlyList<Activity> Activities, long Watermark)> ReadAsync(long conversationKey, long watermark, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            "select sequence, content from assistant.activity where conversation_key = $1 and sequence > $2 order by sequence limit $3", conversationKey, watermark, limit);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var activities = new List<Activity>();
        while (await rows.ReadAsync(cancellationToken))
        {
            watermark = rows.GetInt64(0);
            activities.Add(cipher.Open<Activity>(rows.GetFieldValue<byte[]>(1), JournalCipher.ActivityContent));
        }

        return (activities, watermark);
    }

    /// <summary>Makes this the conversation's one socket; the number it got is the one it must still see later. Null when the conversation has ended.</summary>
    public async Task<long?> ClaimSocketAsync(long conversationKey, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            """
            with claimed as (update assistant.conversation set socket_epoch = socket_epoch + 1 where key = $1 and ended_at is null returning key, socket_epoch)
            select socket_epoch, pg_notify('assistant_conversation', 'a:' || key)::text from claimed
            """,
            conversationKey);
        return (long?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>A single-use ticket for the stream, good for a minute.</summary>
    public async Task<string> IssueTicketAsync(long conversationKey, long watermark, CancellationToken cancellationToken)
    {
        var ticket = RandomNumberGenerator.GetHexString(64, lowercase: true);
        await using var command = database.Statement(
            "insert into assistant.stream_ticket (hash, conversation_key, watermark, expires_at) values ($1, $2, $3, $4)",
            HashTicket(ticket),
            conversationKey,
            watermark,
            clock.GetUtcNow().AddSeconds(60));
        await command.ExecuteNonQueryAsync(cancellationToken);
        return ticket;
    }

    /// <summary>Uses up a ticket. Null when it is unknown, used, expired or of another conversation.</summary>
    public async Task<(long ConversationKey, long Watermark)?> RedeemTicketAsync(string conversationId, string ticket, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            """
            delete from assistant.stream_ticket t using assistant.conversation c
             where t.hash = $1 and c.key = t.conversation_key and c.id = $2 and c.ended_at is null
            returning t.conversation_key, t.watermark, t.expires_at
            """,
            HashTicket(ticket),
            conversationId);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) && rows.GetFieldValue<DateTimeOffset>(2) > clock.GetUtcNow()
            ? (rows.GetInt64(0), rows.GetInt64(1))
            : null;
    }

    /// <summary>Tells every process's sockets that the assistant is at work. Not kept: typing means nothing later.</summary>
    public async Task NotifyTypingAsync(long conversationKey, CancellationToken cancellationToken)
    {
        await using var command = database.Statement("select pg_notify('assistant_conversation', 't:' || $1::bigint)", conversationKey);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<bool?> GetModelConsentAsync(long conversationKey, CancellationToken cancellationToken)
    {
        await using var command = database.Statement("select model_consent from assistant.conversation where key = $1", conversationKey);
        return await command.ExecuteScalarAsync(cancellationToken) as bool?;
    }

    /// <summary>Removes what time has made worthless: unused tickets and the ids of webhooks that are too old to be accepted again.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using (var tickets = database.Statement("delete from assistant.stream_ticket where expires_at < $1", now))
        {
            await tickets.ExecuteNonQueryAsync(cancellationToken);
        }

        // The sender repeats an event for days; the signature's timestamp is fresh on each attempt, so ids are kept much longer than the tolerance.
        await using var webhooks = database.Statement("delete from assistant.processed_webhook where received_at < $1", now.AddDays(-30));
        await webhooks.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Appends one activity in the caller's transaction and wakes whoever listens once it commits. Returns it with id and instant.</summary>
    internal async Task<(Activity Activity, long Sequence)> AppendAsync(
        NpgsqlConnection connection, long conversationKey, string conversationId, string direction, Activity activity, string? clientActivityId, CancellationToken cancellationToken)
    {
        await using var next = connection.Statement("update assistant.conversation set last_sequence = last_sequence + 1 where key = $1 returning last_sequence", conversationKey);
        var sequence = (long)(await next.ExecuteScalarAsync(cancellationToken))!;
        var now = clock.GetUtcNow();
        activity = activity with { Id = ActivityId(conversationId, sequence), Timestamp = now, Conversation = new ConversationAccount(conversationId) };
        await using var insert = connection.Statement(
            """
            with added as (
                insert into assistant.activity (conversation_key, sequence, direction, client_activity_id, content, created_at) values ($1, $2, $3, $4, $5, $6)
                returning conversation_key)
            select pg_notify('assistant_conversation', 'a:' || conversation_key)::text from added
            """,
            conversationKey,
            sequence,
            direction,
            clientActivityId,
            cipher.Seal(activity, JournalCipher.ActivityContent),
            now);
        await insert.ExecuteNonQueryAsync(cancellationToken);
        return (activity, sequence);
    }

    internal static string ActivityId(string conversationId, long sequence) => string.Create(CultureInfo.InvariantCulture, $"{conversationId}|{sequence:D7}");

    private static byte[] HashTicket(string ticket) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(ticket));

    private static async Task<Conversation?> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken)
            ? new Conversation(
                rows.GetInt64(0),
                rows.GetString(1),
                rows.GetString(2),
                rows.GetString(3),
                rows.GetValue<DateTimeOffset>(4),
                rows.GetValue<DateTimeOffset>(5),
                rows.GetInt64(6),
                rows.GetInt64(7))
            : null;
    }
}
