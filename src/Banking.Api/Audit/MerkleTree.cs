using System.Security.Cryptography;

namespace Banking.Api.Audit;

/// <summary>
/// The Merkle tree of RFC 6962 section 2.1 over given leaf hashes (each SHA-256 of 0x00 and the leaf's content).
/// Inner nodes hash 0x01, left, right; the left subtree is the largest power of two smaller than the number of leaves.
/// </summary>
public static class MerkleTree
{
    /// <summary>The hash of one leaf's content.</summary>
    public static byte[] HashLeaf(ReadOnlySpan<byte> content) => SHA256.HashData([0x00, .. content]);

    /// <summary>The tree head. Of no leaves it is the hash of nothing.</summary>
    public static byte[] Root(IReadOnlyList<byte[]> leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        return leaves.Count == 0 ? SHA256.HashData([]) : Subtree(leaves, 0, leaves.Count);
    }

    /// <summary>The audit path (section 2.1.1) that proves that the leaf at <paramref name="index"/> is in the tree: siblings from the leaf upwards.</summary>
    public static IReadOnlyList<byte[]> InclusionProof(IReadOnlyList<byte[]> leaves, int index)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Count);
        var path = new List<byte[]>();
        Descend(0, leaves.Count);
        return path;

        void Descend(int start, int count)
        {
            if (count == 1)
            {
                return;
            }

            var left = LargestPowerOfTwoBelow(count);
            if (index < start + left)
            {
                Descend(start, left);
                path.Add(Subtree(leaves, start + left, count - left));
            }
            else
            {
                Descend(start + left, count - left);
                path.Add(Subtree(leaves, start, left));
            }
        }
    }

    /// <summary>Whether a path leads from a leaf to a tree head (RFC 9162 section 2.1.3.2, which gives the check for the same tree).</summary>
    public static bool VerifyInclusion(ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<byte[]> path, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (node, last) = (index, size - 1);
        var hash = leafHash.ToArray();
        foreach (var sibling in path)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = HashNode(sibling, hash);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                hash = HashNode(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && hash.AsSpan().SequenceEqual(root);
    }

    private static byte[] Subtree(IReadOnlyList<byte[]> leaves, int start, int count)
    {
        if (count == 1)
        {
            return leaves[start];
        }

        var left = LargestPowerOfTwoBelow(count);
        return HashNode(Subtree(leaves, start, left), Subtree(leaves, start + left, count - left));
    }

    private static int LargestPowerOfTwoBelow(int count)
    {
        var power = 1;
        while (power < count - power)
        {
            power *= 2;
        }

        return power;
    }

    private static byte[] HashNode(byte[] left, byte[] right) => SHA256.HashData([0x01, .. left, .. right]);
}
