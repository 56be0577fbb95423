using System.Numerics.Tensors;

namespace Fraud.Model;

/// <summary>How a forest is grown.</summary>
public sealed record IsolationForestOptions
{
    /// <summary>Number of trees. More trees steady the score and cost time in proportion.</summary>
    public int TreeCount { get; init; } = 120;

    /// <summary>
    /// Payments drawn without replacement per tree (psi). Enough that what is rare but ordinary (a night owl, a used car) is represented;
    /// few enough that the frauds among them do not form a crowd.
    /// </summary>
    public int SubsampleSize { get; init; } = 2048;

    /// <summary>Names the forest: same rows, options and seed give the same bytes, whatever the number of cores.</summary>
    public long Seed { get; init; } = 1;
}

/// <summary>Fits an <see cref="IsolationForest"/>. Needs no labels.</summary>
public sealed class IsolationForestTrainer(IsolationForestOptions options)
{
    /// <summary>Grows the trees, one task per tree.</summary>
    /// <param name="rows">Payments as they come, frauds included.</param>
    /// <param name="progress">Told after each tree.</param>
    /// <exception cref="ArgumentException">Fewer than two rows.</exception>
    public IsolationForest Fit(FeatureTable rows, IProgress<int>? progress = null)
    {
        if (rows.RowCount < 2)
            throw new ArgumentException("An isolation forest needs at least two rows.", nameof(rows));

        var subsample = Math.Min(options.SubsampleSize, rows.RowCount);
        var trees = new IsolationForest.Tree[options.TreeCount];
        var done = 0;
        Parallel.For(0, trees.Length, t =>
        {
            trees[t] = new TreeGrower(rows, subsample, new DeterministicRandom(options.Seed, t + 1)).Grow();
            progress?.Report(Interlocked.Increment(ref done));
        });

        return new IsolationForest(rows.FeatureCount, subsample, trees);
    }

    /// <summary>Grows one tree over a column-major copy of its subsample, so that minima and maxima run vectorised.</summary>
    private sealed class TreeGrower
    {
        private readonly DeterministicRandom _random;
        private readonly int _featureCount;
        private readonly int _size;
        private readonly int _depthLimit;
        private readonly float[] _columns;
        private readonly float[] _scratch;
        private readonly int[] _members;
        private readonly int[] _candidates;

        public TreeGrower(FeatureTable rows, int size, DeterministicRandom random)
        {
            _random = random;
            _featureCount = rows.FeatureCount;
            _size = size;
            _depthLimit = (int)Math.Ceiling(Math.Log2(size));
            _columns = new float[_featureCount * size];
            _scratch = new float[size];
            _members = [.. Enumerable.Range(0, size)];
            _candidates = new int[_featureCount];
            var drawn = Draw(rows.RowCount);
            for (var i = 0; i < size; i++)
            {
                var row = rows[drawn[i]];
                for (var f = 0; f < _featureCount; f++)
                    _columns[f * size + i] = row[f];
            }
        }

        public IsolationForest.Tree Grow()
        {
            var features = new List<short>();
            var thresholds = new List<float>();
            var parents = new List<int>();
            var sums = new List<double>();
            var counts = new List<int>();
            var queue = new Queue<(int Parent, int Start, int Count, int Depth)>();
            queue.Enqueue((-1, 0, _size, 0));
            while (queue.TryDequeue(out var node))
            {
                var id = features.Count;
                parents.Add(node.Parent);
                counts.Add(node.Count);
                var members = _members.AsSpan(node.Start, node.Count);
                if (node.Depth < _depthLimit && node.Count > 1 && TrySplit(members, out var feature, out var threshold))
                {
                    var left = Partition(members, feature, threshold);
                    features.Add((short)feature);
                    thresholds.Add(threshold);
                    sums.Add(0);
                    queue.Enqueue((id, node.Start, left, node.Depth + 1));
                    queue.Enqueue((id, node.Start + left, node.Count - left, node.Depth + 1));
                }
                else
                {
                    features.Add(-1);
                    thresholds.Add(0);
                    sums.Add(node.Count * (node.Depth + IsolationForest.MeanPathLength(node.Count)));
                }
            }

            // Children follow parents, so one backward pass gives every node the mean path length of the payments that reached it.
            for (var i = features.Count - 1; i > 0; i--)
                sums[parents[i]] += sums[i];

            var values = new float[features.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(sums[i] / counts[i]);

            return new IsolationForest.Tree([.. features], [.. thresholds], values);
        }

        /// <summary>A feature drawn among those that vary here, and a threshold drawn uniformly in its range.</summary>
        private bool TrySplit(ReadOnlySpan<int> members, out int feature, out float threshold)
        {
            var remaining = _featureCount;
            for (var i = 0; i < remaining; i++)
                _candidates[i] = i;

            var gathered = _scratch.AsSpan(0, members.Length);
            while (remaining > 0)
            {
                var pick = _random.Next(remaining);
                feature = _candidates[pick];
                var column = _columns.AsSpan(feature * _size, _size);
                for (var i = 0; i < members.Length; i++)
                    gathered[i] = column[members[i]];

                var min = TensorPrimitives.Min<float>(gathered);
                var max = TensorPrimitives.Max<float>(gathered);
                if (min < max)
                {
                    threshold = (float)_random.Between(min, max);
                    if (threshold <= min)
                        threshold = max;
                    return true;
                }

                _candidates[pick] = _candidates[--remaining];
            }

            feature = -1;
            threshold = 0;
            return false;
        }

        private int Partition(Span<int> members, int feature, float threshold)
        {
            var column = _columns.AsSpan(feature * _size, _size);
            var left = 0;
            for (var i = 0; i < members.Length; i++)
            {
                if (column[members[i]] < threshold)
                {
                    (members[left], members[i]) = (members[i], members[left]);
                    left++;
                }
            }

            return left;
        }

        /// <summary>Floyd's algorithm: a uniform sample without replacement in time proportional to the sample.</summary>
        private int[] Draw(int population)
        {
            var chosen = new HashSet<int>(_size);
            var order = new int[_size];
            for (var i = 0; i < _size; i++)
            {
                var top = population - _size + i;
                var candidate = _random.Next(top + 1);
                if (!chosen.Add(candidate))
                {
                    candidate = top;
                    chosen.Add(candidate);
                }

                order[i] = candidate;
            }

            return order;
        }
    }
}
