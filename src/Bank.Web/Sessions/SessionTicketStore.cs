using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Bank.Web.Sessions;

/// <summary>
/// Keeps sign-in tickets in <c>web.session</c>, so that the browser holds nothing but a random key. A ticket is encrypted for its own
/// row: copied to another row it does not decrypt. Removing a row ends the session's sockets on this instance at once; on others
/// the assistant closes them when the bank's session ends.
/// </summary>
internal sealed class SessionTicketStore(NpgsqlDataSource database, ColumnCipher cipher, OpenSockets sockets, TimeProvider clock) : ITicketStore
{
    /// <inheritdoc/>
    public async Task<string> StoreAsync(AuthenticationTicket ticket)
    {
        var key = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
        var hash = Hash(key);
        await using var batch = database.CreateBatch();
        // Signing in is rare enough to carry the cleaning up.
        batch.BatchCommands.Add(new("delete from web.session where expires_at < $1") { Parameters = { new() { Value = clock.GetUtcNow() } } });
        batch.BatchCommands.Add(new("insert into web.session (key_hash, session_id, ticket_cipher, expires_at) values ($1, $2, $3, $4)")
        {
            Parameters =
            {
                new() { Value = hash },
                new() { Value = ticket.Principal.GetSessionId() ?? throw new InvalidOperationException("A ticket names its session.") },
                new() { Value = cipher.Encrypt(TicketSerializer.Default.Serialize(ticket), Purpose(hash)) },
                new() { Value = ExpiresAt(ticket) },
            },
        });
        await batch.ExecuteNonQueryAsync();
        return key;
    }

    /// <inheritdoc/>
    public async Task RenewAsync(string key, AuthenticationTicket ticket)
    {
        var hash = Hash(key);
        await using var command = database.CreateCommand("update web.session set ticket_cipher = $2, expires_at = $3 where key_hash = $1");
        command.Parameters.Add(new() { Value = hash });
        command.Parameters.Add(new() { Value = cipher.Encrypt(TicketSerializer.Default.Serialize(ticket), Purpose(hash)) });
        command.Parameters.Add(new() { Value = ExpiresAt(ticket) });
        await command.ExecuteNonQueryAsync();
    }

    /// <inheritdoc/>
    public async Task<AuthenticationTicket?> RetrieveAsync(string key)
    {
        var hash = Hash(key);
        await using var command = database.CreateCommand("select ticket_cipher from web.session where key_hash = $1 and expires_at > $2");
        command.Parameters.Add(new() { Value = hash });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        return await command.ExecuteScalarAsync() is byte[] value ? TicketSerializer.Default.Deserialize(cipher.Decrypt(value, Purpose(hash))) : null;
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(string key)
    {
        await using var command = database.CreateCommand("delete from web.session where key_hash = $1 returning session_id");
        command.Parameters.Add(new() { Value = Hash(key) });
        if (await command.ExecuteScalarAsync() is string sessionId)
        {
            sockets.Close(sessionId);
        }
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string Purpose(byte[] hash) => $"web.session.ticket_cipher:{Convert.ToHexStringLower(hash)}";

    private static DateTimeOffset ExpiresAt(AuthenticationTicket ticket) =>
        ticket.Properties.ExpiresUtc ?? throw new InvalidOperationException("A ticket ends with its session.");
}
