using Assistant.Bot.Conversations;
using Banking.Client;
using Npgsql;

namespace Assistant.Bot.Delegation;

/// <summary>
/// The narrowed token of each conversation (RFC 8693: subject the customer, actor the assistant). It is bound to the conversation, reads
/// and drafts, lives minutes, and is renewed only while the customer's session lives: the bank decides that, each time.
/// </summary>
internal sealed class DelegatedTokens(NpgsqlDataSource database, JournalCipher cipher, BankingApiClient api, TimeProvider clock, ILogger<DelegatedTokens> logger)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(2);

    /// <summary>Redeems a one-time grant. Null on success, otherwise why not.</summary>
    public async Task<ApiProblem?> RedeemAsync(Conversation conversation, string grant, string? locale, CancellationToken cancellationToken)
    {
        var answer = await api.RedeemGrantAsync(grant, cancellationToken);
        if (!answer.Succeeded)
        {
            return answer.Problem;
        }

        await StoreAsync(conversation.Key, answer.Value, previous: null, cancellationToken);
        if (locale is not null)
        {
            await using var command = database.Statement("update assistant.conversation set locale = $2 where key = $1", conversation.Key, locale);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return null;
    }

    /// <summary>The conversation's token, renewed when it is about to end; null when the customer has to sign in again.</summary>
    public async Task<string?> GetAsync(long conversationKey, CancellationToken cancellationToken)
    {
        for (var look = 0; look < 20; look++)
        {
            var stored = await ReadAsync(conversationKey, cancellationToken);
            if (stored is null || stored.Value.ExpiresAt - clock.GetUtcNow() > RenewBefore)
            {
                return stored?.Token;
            }

            if (await ClaimRenewalAsync(conversationKey, cancellationToken))
            {
                return await RenewAsync(conversationKey, stored.Value.Token, stored.Value.Sealed, stored.Value.ExpiresAt, cancellationToken);
            }

            // Another process renews at this moment.
            await Task.Delay(TimeSpan.FromMilliseconds(200), clock, cancellationToken);
        }

        return null;
    }

    /// <summary>The bank does not accept this token any more. A newer one, delegated meanwhile, stays.</summary>
    public async Task ForgetAsync(long conversationKey, string token, CancellationToken cancellationToken)
    {
        if (await ReadAsync(conversationKey, cancellationToken) is { } stored && string.Equals(stored.Token, token, StringComparison.Ordinal))
        {
            await using var command = database.Statement(
                "update assistant.conversation set delegated_token = null, delegation_expires_at = null where key = $1 and delegated_token = $2", conversationKey, stored.Sealed);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Which of these conversations have a token that must be renewed now to go on living.</summary>
    public async Task<IReadOnlyList<long>> FindExpiringAsync(IReadOnlyList<long> conversationKeys, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            "select key from assistant.conversation where key = any($1) and ended_at is null and delegation_expires_at <= $2", conversationKeys.ToArray(), clock.GetUtcNow() + RenewBefore);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<long>();
        while (await rows.ReadAsync(cancellationToken))
        {
            keys.Add(rows.GetInt64(0));
        }

        return keys;
    }

    private async Task<bool> ClaimRenewalAsync(long conversationKey, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var command = database.Statement(
            "update assistant.conversation set renewal_claimed_until = $3 where key = $1 and ended_at is null and (renewal_claimed_until is null or renewal_claimed_until <= $2)",
            conversationKey,
            now,
            now.AddSeconds(10));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private async Task<string?> RenewAsync(long conversationKey, string token, byte[] sealedToken, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        var answer = await api.RenewDelegatedTokenAsync(token, cancellationToken);
        if (answer.Succeeded)
        {
            await StoreAsync(conversationKey, answer.Value, sealedToken, cancellationToken);
            // A grant handed over meanwhile is newer than this renewal; what is stored is what counts.
            return (await ReadAsync(conversationKey, cancellationToken))?.Token;
        }

        await using (var release = database.Statement("update assistant.conversation set renewal_claimed_until = null where key = $1", conversationKey))
        {
            await release.ExecuteNonQueryAsync(cancellationToken);
        }

        if (answer.Problem.Code != ErrorCodes.Unavailable)
        {
            logger.LogInformation("The bank refused to renew a delegated token ({Code}).", answer.Problem.Code);
            await ForgetAsync(conversationKey, token, cancellationToken);
            return (await ReadAsync(conversationKey, cancellationToken))?.Token;
        }

        return expiresAt > clock.GetUtcNow() ? token : null;
    }

    private async Task StoreAsync(long conversationKey, TokenExchangeResult result, byte[]? previous, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            """
            update assistant.conversation set delegated_token = $2, delegation_expires_at = $3, renewal_claimed_until = null
             where key = $1 and ended_at is null and ($4::bytea is null or delegated_token = $4)
            """,
            conversationKey,
            cipher.Seal(result.AccessToken, JournalCipher.DelegatedToken),
            clock.GetUtcNow().AddSeconds(result.ExpiresIn),
            previous);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<(string Token, byte[] Sealed, DateTimeOffset ExpiresAt)?> ReadAsync(long conversationKey, CancellationToken cancellationToken)
    {
        await using var command = database.Statement(
            "select delegated_token, delegation_expires_at from assistant.conversation where key = $1 and ended_at is null and delegated_token is not null", conversationKey);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        if (!await rows.ReadAsync(cancellationToken))
        {
            return null;
        }

        var sealedToken = rows.GetFieldValue<byte[]>(0);
        return (cipher.Open<string>(sealedToken, JournalCipher.DelegatedToken), sealedToken, rows.GetFieldValue<DateTimeOffset>(1));
    }
}
