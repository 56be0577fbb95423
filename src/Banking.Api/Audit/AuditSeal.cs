using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Audit;

/// <summary>
/// A sealed batch of the audit trail: the tree over its rows' leaf hashes, chained to the seal before. It keeps the ids and leaves it was made
/// from, so that a check can name the row that was altered or removed, and receipts with inclusion proofs can be made.
/// </summary>
public sealed class AuditSeal
{
    /// <summary>What the first seal is chained to.</summary>
    public static readonly byte[] Genesis = new byte[32];

    /// <summary>Key; the order of the chain.</summary>
    public long Id { get; private set; }

    /// <summary>Id of the first row.</summary>
    public long FirstId { get; init; }

    /// <summary>Id of the last row.</summary>
    public long LastId { get; init; }

    /// <summary>How many rows; ids have gaps where a transaction was rolled back.</summary>
    public int RowCount { get; init; }

    /// <summary>Root of the tree (RFC 6962).</summary>
    public required byte[] TreeRoot { get; init; }

    /// <summary>Hash of the seal before.</summary>
    public required byte[] PreviousSeal { get; init; }

    /// <summary>SHA-256 over all of this.</summary>
    public required byte[] SealHash { get; init; }

    /// <summary>When it was sealed, to the microsecond.</summary>
    public DateTimeOffset SealedAt { get; init; }

    /// <summary>Ids of the rows, ascending.</summary>
    public required long[] RowIds { get; init; }

    /// <summary>Leaf hashes in the order of the ids.</summary>
    public required byte[][] LeafHashes { get; init; }

    /// <summary>Seals rows given in the order of their ids.</summary>
    public static AuditSeal Create(IReadOnlyList<(long Id, byte[] Leaf)> rows, byte[] previousSeal, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        var sealedAt = at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond)).ToUniversalTime();
        var ids = rows.Select(row => row.Id).ToArray();
        var leaves = rows.Select(row => row.Leaf).ToArray();
        var root = MerkleTree.Root(leaves);
        return new AuditSeal
        {
            FirstId = ids[0],
            LastId = ids[^1],
            RowCount = ids.Length,
            TreeRoot = root,
            PreviousSeal = previousSeal,
            SealHash = ComputeHash(previousSeal, ids, root, sealedAt),
            SealedAt = sealedAt,
            RowIds = ids,
            LeafHashes = leaves,
        };
    }

    /// <summary>The chained hash: the seal before, the ids, the tree head, the moment.</summary>
    public static byte[] ComputeHash(byte[] previousSeal, IReadOnlyCollection<long> rowIds, byte[] treeRoot, DateTimeOffset sealedAt)
    {
        ArgumentNullException.ThrowIfNull(rowIds);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData("securebank audit seal v1"u8);
        sha.AppendData(previousSeal);
        AppendNumber(rowIds.Count);
        foreach (var id in rowIds)
        {
            AppendNumber(id);
        }

        sha.AppendData(treeRoot);
        AppendNumber(sealedAt.UtcTicks / TimeSpan.TicksPerMicrosecond);
        return sha.GetHashAndReset();

        void AppendNumber(long value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(bytes, value);
            sha.AppendData(bytes);
        }
    }
}

internal sealed class AuditSealConfiguration : IEntityTypeConfiguration<AuditSeal>
{
    public void Configure(EntityTypeBuilder<AuditSeal> builder)
    {
        builder.ToTable("seal", "audit");
        builder.HasKey(row => row.Id);
    }
}
