using Npgsql;

namespace Banking.Api.Audit;

/// <summary>
/// Seals the audit trail in the background. One of all running copies holds the lease (a session-level advisory lock, which dies with its
/// connection); writers never wait for it.
/// </summary>
internal sealed class AuditSealer(NpgsqlDataSource database, TimeProvider clock, ILogger<AuditSealer> logger) : BackgroundService
{
    // Names this lease among the database's advisory locks.
    private const long LeaseLock = 0x5EC0_5EA1;
    private const int BatchRowsMax = 4096;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(stoppingToken);
                if (await TryLeaseAsync(connection, stoppingToken))
                {
                    await SealWhileLeasedAsync(connection, stoppingToken);
                }
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or InvalidOperationException or IOException)
            {
                logger.LogWarning("The audit trail could not be sealed just now ({Fault}); it is tried again.", fault.GetType().Name);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(RetryDelay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Seals everything that is settled; returns the number of rows sealed. Safe to call beside a running sealer: a seal has one successor.</summary>
    public async Task<int> SealSettledAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!await TryLeaseAsync(connection, cancellationToken))
        {
            return 0;
        }

        try
        {
            var horizon = await ReadHorizonAsync(connection, cancellationToken);
            await WaitUntilSettledAsync(connection, horizon, cancellationToken);
            return await SealUpToAsync(connection, horizon.LastId, cancellationToken);
        }
        finally
        {
            await using var release = new NpgsqlCommand($"select pg_advisory_unlock({LeaseLock})", connection);
            await release.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private async Task SealWhileLeasedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var horizon = await ReadHorizonAsync(connection, cancellationToken);
            await WaitUntilSettledAsync(connection, horizon, cancellationToken);
            await SealUpToAsync(connection, horizon.LastId, cancellationToken);
            await Task.Delay(Interval, clock, cancellationToken);
        }
    }

    // A row's id is drawn before its transaction commits, so a smaller id may appear after a larger one. But an insert locks the table
    // (row exclusive, until its transaction ends) before it draws an id. So: read the largest id; then list the transactions that hold such a lock.
    // Whoever drew a smaller id is either in that list or has ended. Once all of them have ended, nothing at or below that id can appear any more.
    private static async Task<Horizon> ReadHorizonAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand("select coalesce(max(id), 0) from audit.event", connection);
        var lastId = (long)(await read.ExecuteScalarAsync(cancellationToken))!;
        return new Horizon(lastId, await ReadWritersAsync(connection, cancellationToken));
    }

    private async Task WaitUntilSettledAsync(NpgsqlConnection connection, Horizon horizon, CancellationToken cancellationToken)
    {
        while (horizon.Writers.Count > 0)
        {
            horizon.Writers.IntersectWith(await ReadWritersAsync(connection, cancellationToken));
            if (horizon.Writers.Count > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken);
            }
        }
    }

    private static async Task<HashSet<string>> ReadWritersAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand(
            """
            select virtualtransaction from pg_locks
            where locktype = 'relation' and relation = 'audit.event'::regclass and mode = 'RowExclusiveLock' and granted
              and database = (select oid from pg_database where datname = current_database())
            """,
            connection);
        var writers = new HashSet<string>(StringComparer.Ordinal);
        await using var rows = await read.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            writers.Add(rows.GetString(0));
        }

        return writers;
    }

    private async Task<int> SealUpToAsync(NpgsqlConnection connection, long lastId, CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var (sealedUpTo, previous) = await ReadChainHeadAsync(connection, cancellationToken);
            var rows = await ReadRowsAsync(connection, sealedUpTo, lastId, cancellationToken);
            if (rows.Count == 0)
            {
                return total;
            }

            var seal = AuditSeal.Create(rows, previous, clock.GetUtcNow());
            await using (var insert = new NpgsqlCommand(
                """
                insert into audit.seal (first_id, last_id, row_count, tree_root, previous_seal, seal_hash, sealed_at, row_ids, leaf_hashes)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                connection))
            {
                foreach (var value in (object[])[seal.FirstId, seal.LastId, seal.RowCount, seal.TreeRoot, seal.PreviousSeal, seal.SealHash, seal.SealedAt, seal.RowIds, seal.LeafHashes])
                {
                    insert.Parameters.Add(new() { Value = value });
                }

                await insert.ExecuteNonQueryAsync(cancellationToken);
            }

            total += seal.RowCount;
            // The log leaves the database: whoever rewrites the whole chain would have to rewrite the logs too.
            logger.LogInformation("Sealed audit rows {FirstId} to {LastId} with {SealHash}.", seal.FirstId, seal.LastId, Convert.ToHexStringLower(seal.SealHash));
        }
    }

    private static async Task<(long LastId, byte[] SealHash)> ReadChainHeadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand("select last_id, seal_hash from audit.seal order by id desc limit 1", connection);
        await using var rows = await read.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? (rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)) : (0, AuditSeal.Genesis);
    }

    private static async Task<List<(long Id, byte[] Leaf)>> ReadRowsAsync(NpgsqlConnection connection, long after, long upTo, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand($"select id, leaf_hash from audit.event where id > $1 and id <= $2 order by id limit {BatchRowsMax}", connection);
        read.Parameters.Add(new() { Value = after });
        read.Parameters.Add(new() { Value = upTo });
        var found = new List<(long, byte[])>();
        await using var rows = await read.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            found.Add((rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)));
        }

        return found;
    }

    private static async Task<bool> TryLeaseAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var lease = new NpgsqlCommand($"select pg_try_advisory_lock({LeaseLock})", connection);
        return (bool)(await lease.ExecuteScalarAsync(cancellationToken))!;
    }

    private sealed record Horizon(long LastId, HashSet<string> Writers);
}
