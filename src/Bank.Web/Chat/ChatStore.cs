using System.Text.Json;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Bank.Web.Chat;

/// <summary>
/// The conversation of one signed-in session. <paramref name="Token"/> is a channel token for this conversation only: it opens nothing at the
/// bank. <paramref name="Started"/> tells whether the page opened the conversation before, so that a reload resumes it.
/// </summary>
internal sealed record ChatState(string ConversationId, string Token, bool Started);

/// <summary>Remembers the conversation with the session, encrypted for that session.</summary>
internal sealed class ChatStore(NpgsqlDataSource database, ColumnCipher cipher)
{
    /// <summary>The session's conversation, or null.</summary>
    public async Task<ChatState?> FindAsync(string sessionId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select chat_cipher from web.session where session_id = $1");
        command.Parameters.Add(new() { Value = sessionId });
        return await command.ExecuteScalarAsync(cancellationToken) is byte[] value
            ? JsonSerializer.Deserialize<ChatState>(cipher.DecryptText(value, Purpose(sessionId)))
            : null;
    }

    /// <summary>
    /// Sets the session's conversation unless another tab was faster with a new one; returns the one that holds now,
    /// or null when the session has ended meanwhile. <paramref name="replaces"/> is the conversation known before.
    /// </summary>
    public async Task<ChatState?> SetAsync(string sessionId, ChatState? replaces, ChatState state, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var read = new NpgsqlCommand("select chat_cipher from web.session where session_id = $1 for update", connection, transaction);
        read.Parameters.Add(new() { Value = sessionId });
        var present = await read.ExecuteScalarAsync(cancellationToken);
        if (present is null)
        {
            return null;
        }

        if (present is byte[] value && JsonSerializer.Deserialize<ChatState>(cipher.DecryptText(value, Purpose(sessionId))) is { } other
            && other.ConversationId != state.ConversationId && other.ConversationId != replaces?.ConversationId)
        {
            return other;
        }

        await using var write = new NpgsqlCommand("update web.session set chat_cipher = $2 where session_id = $1", connection, transaction);
        write.Parameters.Add(new() { Value = sessionId });
        write.Parameters.Add(new() { Value = cipher.Encrypt(JsonSerializer.Serialize(state), Purpose(sessionId)) });
        await write.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return state;
    }

    private static string Purpose(string sessionId) => $"web.session.chat_cipher:{sessionId}";
}
