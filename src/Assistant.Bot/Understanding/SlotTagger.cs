using System.Numerics.Tensors;

namespace Assistant.Bot.Understanding;

/// <summary>
/// Labels tokens with slots: an averaged structured perceptron (Collins 2002) over hashed features with first-order Viterbi decoding.
/// Labels are BIO: <c>O</c>, <c>B-slot</c>, <c>I-slot</c>.
/// </summary>
internal sealed class SlotTagger(IReadOnlyList<string> labels, float[] weights, float[] transitions)
{
    private const double Dropout = 0.25;

    public IReadOnlyList<string> Labels { get; } = labels;

    /// <summary>Row per bucket, column per label.</summary>
    public float[] Weights { get; } = weights;

    /// <summary>Row per label before (the last row is the start), column per label.</summary>
    public float[] Transitions { get; } = transitions;

    /// <summary>The label of each token.</summary>
    public string[] Tag(IReadOnlyList<Token> tokens) =>
        [.. Decode(tokens.Count, Emissions(tokens, Weights, Labels.Count), Transitions, Labels).Select(label => Labels[label])];

    /// <summary>Fits <paramref name="members"/> taggers in orders that only <paramref name="seed"/> decides, and takes the mean of their weights.</summary>
    public static SlotTagger Fit(
        IReadOnlyList<(IReadOnlyList<Token> Tokens, string[] Labels)> examples, int epochs, int members, int seed, Action<int, double>? progress, CancellationToken cancellationToken)
    {
        SlotTagger? sum = null;
        for (var member = 0; member < members; member++)
        {
            var fitted = FitOne(examples, epochs, (seed * 1_000) + member, member == 0 ? progress : null, cancellationToken);
            if (sum is null)
            {
                sum = fitted;
            }
            else
            {
                TensorPrimitives.Add(sum.Weights, fitted.Weights, sum.Weights);
                TensorPrimitives.Add(sum.Transitions, fitted.Transitions, sum.Transitions);
            }
        }

        // As they are stored, in half precision.
        float[] Mean(float[] values) => [.. values.Select(value => (float)(Half)(value / members))];
        return new SlotTagger(sum!.Labels, Mean(sum.Weights), Mean(sum.Transitions));
    }

    private static SlotTagger FitOne(
        IReadOnlyList<(IReadOnlyList<Token> Tokens, string[] Labels)> examples, int epochs, int seed, Action<int, double>? progress, CancellationToken cancellationToken)
    {
        var labels = examples.SelectMany(example => example.Labels).Append("O").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var labelOf = labels.Index().ToDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
        var count = labels.Length;
        var weights = new double[Features.SlotBuckets * count];
        var transitions = new double[(count + 1) * count];
        // The average over all steps equals the final weights minus the step-weighted sum of updates over the number of steps.
        var weightUpdates = new double[weights.Length];
        var transitionUpdates = new double[transitions.Length];
        var order = Enumerable.Range(0, examples.Count).ToArray();
        var random = new Random(seed);
        var features = new List<List<int>>();
        double step = 1;
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            random.Shuffle(order);
            var wrong = 0;
            foreach (var index in order)
            {
                var (tokens, gold) = examples[index];
                if (tokens.Count == 0)
                {
                    continue;
                }

                // Leaving out part of the evidence each time keeps the tagger from knowing names by heart: their surroundings have to tell.
                while (features.Count < tokens.Count)
                {
                    features.Add([]);
                }

                var emissions = new double[tokens.Count * count];
                for (var i = 0; i < tokens.Count; i++)
                {
                    Features.OfToken(tokens, i, features[i]);
                    features[i].RemoveAll(_ => random.NextDouble() < Dropout);
                    var row = emissions.AsSpan(i * count, count);
                    foreach (var feature in features[i])
                    {
                        TensorPrimitives.Add(row, weights.AsSpan(feature * count, count), row);
                    }
                }

                var guess = Decode(tokens.Count, emissions, transitions, labels);
                var exact = true;
                for (var i = 0; i < tokens.Count; i++)
                {
                    var goldLabel = labelOf[gold[i]];
                    var goldBefore = i == 0 ? count : labelOf[gold[i - 1]];
                    var guessBefore = i == 0 ? count : guess[i - 1];
                    if (guess[i] != goldLabel)
                    {
                        exact = false;
                        foreach (var feature in features[i])
                        {
                            Update(weights, weightUpdates, (feature * count) + goldLabel, 1, step);
                            Update(weights, weightUpdates, (feature * count) + guess[i], -1, step);
                        }
                    }

                    if (guess[i] != goldLabel || guessBefore != goldBefore)
                    {
                        Update(transitions, transitionUpdates, (goldBefore * count) + goldLabel, 1, step);
                        Update(transitions, transitionUpdates, (guessBefore * count) + guess[i], -1, step);
                    }
                }

                wrong += exact ? 0 : 1;
                step++;
            }

            progress?.Invoke(epoch, (double)wrong / examples.Count);
        }

        float[] Average(double[] values, double[] updates) => [.. values.Select((value, i) => (float)(value - (updates[i] / step)))];
        return new SlotTagger(labels, Average(weights, weightUpdates), Average(transitions, transitionUpdates));

        static void Update(double[] values, double[] updates, int index, double delta, double step)
        {
            values[index] += delta;
            updates[index] += step * delta;
        }
    }

    private static float[] Emissions(IReadOnlyList<Token> tokens, float[] weights, int labels)
    {
        var emissions = new float[tokens.Count * labels];
        var features = new List<int>(32);
        for (var i = 0; i < tokens.Count; i++)
        {
            Features.OfToken(tokens, i, features);
            var row = emissions.AsSpan(i * labels, labels);
            foreach (var feature in features)
            {
                TensorPrimitives.Add(row, weights.AsSpan(feature * labels, labels), row);
            }
        }

        return emissions;
    }

    private static int[] Decode<T>(int length, T[] emissions, T[] transitions, IReadOnlyList<string> labels)
        where T : System.Numerics.INumber<T>
    {
        var count = labels.Count;
        if (length == 0)
        {
            return [];
        }

        var best = new T[length * count];
        var from = new int[length * count];
        for (var label = 0; label < count; label++)
        {
            best[label] = emissions[label] + transitions[(count * count) + label];
            from[label] = labels[label][0] == 'I' ? -2 : -1;
        }

        for (var i = 1; i < length; i++)
        {
            for (var label = 0; label < count; label++)
            {
                var chosen = -2;
                var top = T.Zero;
                for (var before = 0; before < count; before++)
                {
                    if (from[((i - 1) * count) + before] == -2 || !MayFollow(labels[before], labels[label]))
                    {
                        continue;
                    }

                    var score = best[((i - 1) * count) + before] + transitions[(before * count) + label];
                    if (chosen == -2 || score > top)
                    {
                        chosen = before;
                        top = score;
                    }
                }

                from[(i * count) + label] = chosen;
                best[(i * count) + label] = top + emissions[(i * count) + label];
            }
        }

        var path = new int[length];
        var last = -1;
        for (var label = 0; label < count; label++)
        {
            if (from[((length - 1) * count) + label] != -2 && (last < 0 || best[((length - 1) * count) + label] > best[((length - 1) * count) + last]))
            {
                last = label;
            }
        }

        for (var i = length - 1; i >= 0; i--)
        {
            path[i] = last;
            last = from[(i * count) + last];
        }

        return path;
    }

    // An inside label continues a slot of its own name; nothing else may come before it.
    private static bool MayFollow(string before, string label) =>
        label[0] != 'I' || (before[0] != 'O' && before.AsSpan(2).SequenceEqual(label.AsSpan(2)));
}
