using System.Globalization;
using Npgsql;

namespace Banking.Api.Audit;

/// <summary>What a check of the audit trail found. <paramref name="Fault"/> names the first bad row or seal; null when all is well.</summary>
internal sealed record TrailReport(long Rows, long Seals, long UnsealedRows, long? FirstUnsealedId, byte[] LastSealHash, string? Fault);

/// <summary>
/// Checks the audit trail: each row's content against its leaf hash, each leaf against the seal that covers it, each seal against its tree
/// and the seal before. Reads rows and seals side by side in the order of ids and stops at the first fault.
/// </summary>
internal static class TrailCheck
{
    /// <param name="seals">A connection inside the snapshot.</param>
    /// <param name="events">Another connection inside the same snapshot: both are read at once.</param>
    /// <param name="expectedSeal">A seal hash known from elsewhere (a log, a receipt) that must be part of the chain; null when there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TrailReport> RunAsync(NpgsqlConnection seals, NpgsqlConnection events, byte[]? expectedSeal, CancellationToken cancellationToken)
    {
        await using var readSeals = new NpgsqlCommand(
            "select id, first_id, last_id, row_count, tree_root, previous_seal, seal_hash, sealed_at, row_ids, leaf_hashes from audit.seal order by id", seals);
        await using var readEvents = new NpgsqlCommand(
            "select id, occurred_at, actor, on_behalf, action, subject, outcome, correlation, details, leaf_hash from audit.event order by id", events);
        await using var sealRows = await readSeals.ExecuteReaderAsync(cancellationToken);
        await using var eventRows = await readEvents.ExecuteReaderAsync(cancellationToken);

        long rows = 0, sealCount = 0, lastId = 0;
        var previous = AuditSeal.Genesis;
        var expectedSeen = expectedSeal is null;
        var current = await NextAsync();
        while (await sealRows.ReadAsync(cancellationToken))
        {
            var id = sealRows.GetInt64(0);
            var ids = sealRows.GetFieldValue<long[]>(8);
            var leaves = sealRows.GetFieldValue<byte[][]>(9);
            var root = sealRows.GetFieldValue<byte[]>(4);
            var hash = sealRows.GetFieldValue<byte[]>(6);
            if (!sealRows.GetFieldValue<byte[]>(5).AsSpan().SequenceEqual(previous))
            {
                return Bad($"seal {id} is not chained to the seal before it");
            }

            if (ids.Length == 0 || ids.Length != leaves.Length || ids[0] <= lastId || ids.Zip(ids.Skip(1)).Any(pair => pair.First >= pair.Second)
                || sealRows.GetInt64(1) != ids[0] || sealRows.GetInt64(2) != ids[^1] || sealRows.GetInt32(3) != ids.Length
                || !MerkleTree.Root(leaves).AsSpan().SequenceEqual(root)
                || !AuditSeal.ComputeHash(previous, ids, root, sealRows.GetFieldValue<DateTimeOffset>(7)).AsSpan().SequenceEqual(hash))
            {
                return Bad($"seal {id} (rows {ids.FirstOrDefault()} to {ids.LastOrDefault()}) was altered");
            }

            for (var i = 0; i < ids.Length; i++)
            {
                if (current is null || current.Id > ids[i])
                {
                    return Bad($"row {ids[i]} is missing");
                }

                if (current.Id < ids[i])
                {
                    return Bad($"row {current.Id} was put in after its neighbours were sealed");
                }

                if (!current.Computed.AsSpan().SequenceEqual(leaves[i]) || !current.Stored.AsSpan().SequenceEqual(leaves[i]))
                {
                    return Bad($"row {current.Id} was altered");
                }

                rows++;
                current = await NextAsync();
            }

            sealCount++;
            lastId = ids[^1];
            previous = hash;
            expectedSeen |= expectedSeal is not null && hash.AsSpan().SequenceEqual(expectedSeal);
        }

        long unsealed = 0;
        long? firstUnsealed = current?.Id;
        for (; current is not null; current = await NextAsync())
        {
            if (!current.Computed.AsSpan().SequenceEqual(current.Stored))
            {
                return Bad($"row {current.Id} was altered");
            }

            rows++;
            unsealed++;
        }

        return expectedSeen
            ? new TrailReport(rows, sealCount, unsealed, firstUnsealed, previous, null)
            : Bad("the expected seal is not in the chain: the chain was cut or replaced");

        TrailReport Bad(string fault) => new(rows, sealCount, 0, null, previous, fault);

        async Task<Row?> NextAsync()
        {
            if (!await eventRows.ReadAsync(cancellationToken))
            {
                return null;
            }

            var computed = AuditEvent.ComputeLeafHash(
                eventRows.GetFieldValue<DateTimeOffset>(1), eventRows.GetString(2), Text(3), eventRows.GetString(4), Text(5), eventRows.GetString(6), Text(7), eventRows.GetString(8));
            return new Row(eventRows.GetInt64(0), computed, eventRows.GetFieldValue<byte[]>(9));
        }

        string? Text(int column) => eventRows.IsDBNull(column) ? null : eventRows.GetString(column);
    }

    /// <summary>The report in a sentence.</summary>
    public static string Describe(TrailReport report) => report.Fault ?? string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Rows} rows, {report.Seals} seals{(report.UnsealedRows == 0 ? "" : $"; {report.UnsealedRows} rows from {report.FirstUnsealedId} on are not sealed yet")}");

    private sealed record Row(long Id, byte[] Computed, byte[] Stored);
}
