using System.Runtime.InteropServices;

namespace Fraud.Model;

/// <summary>
/// A fitted isolation forest (Liu, Ting and Zhou, "Isolation Forest", ICDM 2008). A payment that random splits separate quickly from the
/// others is unusual: s(x) = 2^(-E[h(x)] / c(psi)), where h is the path length in one tree, psi the subsample size and
/// c(n) = 2 (ln(n - 1) + gamma) - 2 (n - 1) / n the mean path length of an unsuccessful search in a binary search tree of n items.
/// </summary>
/// <remarks>
/// <para>
/// Attribution. Every node stores the mean path length v of the training payments that reached it. Walking from node to child, the split
/// feature is credited with v(node) - v(child) (Saabas, 2014). Along a path the credits add up to v(root) - h(x); averaged over trees and
/// divided by c(psi) they add up exactly to log2 s(x) - log2 s(typical). A positive credit means that the feature made the payment easier to isolate.
/// </para>
/// <para>Immutable and safe for concurrent use.</para>
/// </remarks>
public sealed class IsolationForest
{
    private readonly Node[] _nodes;
    private readonly int[] _roots;
    private readonly double _perPath;

    internal IsolationForest(int featureCount, int subsampleSize, IReadOnlyList<Tree> trees)
    {
        FeatureCount = featureCount;
        SubsampleSize = subsampleSize;
        Trees = trees;
        _perPath = 1 / (MeanPathLength(subsampleSize) * trees.Count);
        _roots = new int[trees.Count];
        var nodes = new List<Node>();
        for (var t = 0; t < trees.Count; t++)
        {
            var tree = trees[t];
            var root = nodes.Count;
            _roots[t] = root;
            var inner = 0;
            for (var i = 0; i < tree.Features.Length; i++)
            {
                var feature = tree.Features[i];
                // Nodes are in breadth-first order, so the k-th inner node's children are at 2k + 1 and 2k + 2: no pointer to corrupt.
                nodes.Add(new Node(tree.Thresholds[i], tree.Values[i], feature < 0 ? 0 : root + 2 * inner + 1, feature));
                if (feature >= 0)
                    inner++;
            }
        }

        _nodes = [.. nodes];
    }

    /// <summary>Number of features a row has.</summary>
    public int FeatureCount { get; }

    /// <summary>Training payments per tree (psi).</summary>
    public int SubsampleSize { get; }

    /// <summary>Number of trees.</summary>
    public int TreeCount => _roots.Length;

    internal IReadOnlyList<Tree> Trees { get; }

    /// <summary>c(n): the mean path length of an unsuccessful search among n items; what a leaf holding n items stands for.</summary>
    public static double MeanPathLength(int n) => n switch
    {
        <= 1 => 0,
        2 => 1,
        _ => 2 * (Math.Log(n - 1) + 0.57721566490153286) - 2.0 * (n - 1) / n,
    };

    /// <summary>The raw anomaly score s(x) of one row, in (0, 1).</summary>
    public double Score(ReadOnlySpan<float> features)
    {
        var nodes = _nodes;
        double path = 0;
        foreach (var root in _roots)
        {
            ref readonly var node = ref nodes[root];
            while (node.Left != 0)
                node = ref nodes[node.Left + (features[node.Feature] < node.Threshold ? 0 : 1)];
            path += node.Value;
        }

        return Math.Pow(2, -path * _perPath);
    }

    /// <summary>The raw score, and per feature its credit in units of log2 s.</summary>
    public double Explain(ReadOnlySpan<float> features, Span<double> credits)
    {
        credits[..FeatureCount].Clear();
        var nodes = _nodes;
        double path = 0;
        foreach (var root in _roots)
        {
            ref readonly var node = ref nodes[root];
            while (node.Left != 0)
            {
                ref readonly var child = ref nodes[node.Left + (features[node.Feature] < node.Threshold ? 0 : 1)];
                credits[node.Feature] += (double)node.Value - child.Value;
                node = ref child;
            }

            path += node.Value;
        }

        for (var i = 0; i < FeatureCount; i++)
            credits[i] *= _perPath;

        return Math.Pow(2, -path * _perPath);
    }

    /// <summary>Scores every row of a table, on all cores; the result does not depend on how many there are.</summary>
    public double[] Transform(FeatureTable rows)
    {
        if (rows.FeatureCount != FeatureCount)
            throw new ArgumentException($"The forest was fitted to {FeatureCount} features, the rows have {rows.FeatureCount}.", nameof(rows));

        var scores = new double[rows.RowCount];
        Parallel.For(0, rows.RowCount, i => scores[i] = Score(rows[i]));
        return scores;
    }

    /// <summary>One tree in breadth-first order; a negative feature marks a leaf.</summary>
    internal sealed record Tree(short[] Features, float[] Thresholds, float[] Values);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Node(float threshold, float value, int left, short feature)
    {
        public readonly float Threshold = threshold;
        public readonly float Value = value;
        public readonly int Left = left;
        public readonly short Feature = feature;
    }
}
