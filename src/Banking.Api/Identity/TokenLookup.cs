using System.Threading.Channels;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Api.Identity;

/// <summary>What the database says about a token at the moment of asking.</summary>
internal sealed record TokenRow(
    long SessionKey,
    Guid SessionPublicId,
    long UserId,
    Guid UserPublicId,
    long PartyId,
    long? DeviceKey,
    string Acr,
    string[] Amr,
    DateTimeOffset AuthTime,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastSeenAt,
    DateTimeOffset ExpiresAt,
    string[] Roles,
    string? ConversationId,
    string[] Scopes,
    DateTimeOffset? DelegatedExpiresAt);

/// <summary>
/// Finds live tokens. Nothing is cached, so a revocation is exact: it holds for every lookup that begins after its commit.
/// What makes that affordable is that all lookups waiting while a query runs go into the next one together.
/// </summary>
internal sealed class TokenLookup(NpgsqlDataSource database, TimeProvider clock, Microsoft.Extensions.Options.IOptions<SessionOptions> options) : BackgroundService
{
    private const int BatchMax = 256;

    // Rows of tokens that were revoked are not read at all; times are compared by our clock, below.
    private const string Columns =
        """
        s.id, s.public_id, s.user_id, u.public_id, u.party_id, s.device_id, s.acr, s.amr, s.auth_time, s.created_at, s.last_seen_at, s.expires_at,
        array(select r.name::text from identity.user_role ur join identity.role r on r.id = ur.role_id where ur.user_id = s.user_id)
        """;

    private const string Query =
        $"""
        select s.token_hash, {Columns}, null::text, array[]::text[], null::timestamptz
          from identity.session s
          join identity."user" u on u.id = s.user_id
         where s.token_hash = any($1) and s.revoked_at is null
        union all
        select t.token_hash, {Columns}, t.conversation_id, t.scopes, t.expires_at
          from identity.delegated_token t
          join identity.session s on s.id = t.session_id and s.revoked_at is null
          join identity."user" u on u.id = s.user_id
         where t.token_hash = any($1) and t.revoked_at is null
        """;

    private readonly Channel<Pending> _pending = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private NpgsqlCommand? _command;

    /// <summary>The live token of this hash, or null.</summary>
    public async Task<TokenRow?> FindAsync(byte[] tokenHash, CancellationToken cancellationToken)
    {
        var pending = new Pending(Convert.ToHexString(tokenHash), tokenHash);
        if (!_pending.Writer.TryWrite(pending))
        {
            throw new OperationCanceledException("The service is stopping.");
        }

        var row = await pending.Answer.Task.WaitAsync(cancellationToken);
        var now = clock.GetUtcNow();
        return row is not null && row.ExpiresAt > now && row.LastSeenAt + options.Value.Idle > now && (row.DelegatedExpiresAt is not { } end || end > now) ? row : null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Pending>(BatchMax);
        try
        {
            while (await _pending.Reader.WaitToReadAsync(stoppingToken))
            {
                batch.Clear();
                while (batch.Count < BatchMax && _pending.Reader.TryRead(out var pending))
                {
                    batch.Add(pending);
                }

                try
                {
                    var rows = await ReadAsync(batch, stoppingToken);
                    batch.ForEach(pending => pending.Answer.TrySetResult(rows.GetValueOrDefault(pending.Key)));
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    // Each caller fails as it would with a query of its own; the next batch tries anew.
                    batch.ForEach(pending => pending.Answer.TrySetException(fault));
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            _pending.Writer.TryComplete();
            batch.ForEach(pending => pending.Answer.TrySetCanceled(CancellationToken.None));
            while (_pending.Reader.TryRead(out var pending))
            {
                pending.Answer.TrySetCanceled(CancellationToken.None);
            }

            await CloseAsync();
        }
    }

    private async Task<Dictionary<string, TokenRow>> ReadAsync(List<Pending> batch, CancellationToken cancellationToken)
    {
        var hashes = batch.ConvertAll(pending => pending.Hash);
        if (_command is not null)
        {
            try
            {
                return await ReadAsync(_command, hashes, cancellationToken);
            }
            catch (NpgsqlException)
            {
                // The connection may have been lost while it was idle; reading once more on a new one does no harm.
                await CloseAsync();
            }
        }

        _command = await OpenAsync(cancellationToken);
        try
        {
            return await ReadAsync(_command, hashes, cancellationToken);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    // A connection of its own, on which the statement stays prepared: planning it costs more than running it.
    private async Task<NpgsqlCommand> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            // Look-ups by key whatever the statistics say.
            await using (var settings = new NpgsqlCommand(
                "set plan_cache_mode = force_generic_plan; set jit = off; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off", connection))
            {
                await settings.ExecuteNonQueryAsync(cancellationToken);
            }

            var command = new NpgsqlCommand(Query, connection);
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
            await command.PrepareAsync(cancellationToken);
            return command;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_command is { } command)
        {
            _command = null;
            await command.DisposeAsync();
            await command.Connection!.DisposeAsync();
        }
    }

    private static async Task<Dictionary<string, TokenRow>> ReadAsync(NpgsqlCommand command, List<byte[]> hashes, CancellationToken cancellationToken)
    {
        command.Parameters[0].Value = hashes;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new Dictionary<string, TokenRow>(hashes.Count, StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows[Convert.ToHexString(reader.GetFieldValue<byte[]>(0))] = new TokenRow(
                reader.GetInt64(1), reader.GetGuid(2), reader.GetInt64(3), reader.GetGuid(4), reader.GetInt64(5),
                reader.IsDBNull(6) ? null : reader.GetInt64(6),
                reader.GetString(7), reader.GetFieldValue<string[]>(8),
                reader.GetFieldValue<DateTimeOffset>(9), reader.GetFieldValue<DateTimeOffset>(10), reader.GetFieldValue<DateTimeOffset>(11), reader.GetFieldValue<DateTimeOffset>(12),
                reader.GetFieldValue<string[]>(13),
                reader.IsDBNull(14) ? null : reader.GetString(14), reader.GetFieldValue<string[]>(15),
                reader.IsDBNull(16) ? null : reader.GetFieldValue<DateTimeOffset>(16));
        }

        return rows;
    }

    private sealed record Pending(string Key, byte[] Hash)
    {
        public TaskCompletionSource<TokenRow?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>Writes down that sessions are in use: many at once, each at most every <see cref="SessionOptions.TouchInterval"/>.</summary>
internal sealed class SessionActivity(NpgsqlDataSource database, TimeProvider clock, Microsoft.Extensions.Options.IOptions<SessionOptions> options)
{
    private readonly Lock _gate = new();
    private HashSet<long> _waiting = [];
    private Task _flush = Task.CompletedTask;

    /// <summary>Notes activity; completes when it is written.</summary>
    public Task TouchAsync(long sessionKey, DateTimeOffset lastSeenAt)
    {
        if (clock.GetUtcNow() - lastSeenAt < options.Value.TouchInterval)
        {
            return Task.CompletedTask;
        }

        lock (_gate)
        {
            // The first to come after a flush began starts the next one, which takes along everybody who comes until it runs.
            if (_waiting.Add(sessionKey) && _waiting.Count == 1)
            {
                _flush = FlushAsync(_flush);
            }

            return _flush;
        }
    }

    private async Task FlushAsync(Task previous)
    {
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        long[] sessions;
        lock (_gate)
        {
            sessions = [.. _waiting.Order()];
            _waiting = [];
        }

        await using var command = database.CreateCommand("update identity.session set last_seen_at = $2 where id = any($1) and revoked_at is null and last_seen_at < $2");
        command.Parameters.Add(new() { Value = sessions });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        await command.ExecuteNonQueryAsync();
    }
}
