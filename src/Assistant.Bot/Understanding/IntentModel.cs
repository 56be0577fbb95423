using System.Numerics.Tensors;

namespace Assistant.Bot.Understanding;

/// <summary>Multinomial logistic regression over hashed features.</summary>
internal sealed class IntentModel(IReadOnlyList<string> labels, float[] weights)
{
    public IReadOnlyList<string> Labels { get; } = labels;

    /// <summary>Row per bucket, column per label.</summary>
    public float[] Weights { get; } = weights;

    /// <summary>Probability of each label, in the order of <see cref="Labels"/>.</summary>
    public float[] Predict(List<int> features)
    {
        var scores = Scores(features);
        TensorPrimitives.SoftMax(scores, scores);
        return scores;
    }

    /// <summary>
    /// Fits <paramref name="members"/> models in orders that only <paramref name="seed"/> decides and takes their mean: of linear models the mean
    /// of the weights gives the mean of the scores, so that steadier readings cost nothing in use.
    /// </summary>
    public static IntentModel Fit(
        IReadOnlyList<(List<int> Features, string Label)> examples, int epochs, int members, int seed, Action<int, double>? progress, CancellationToken cancellationToken)
    {
        IntentModel? mean = null;
        for (var member = 0; member < members; member++)
        {
            var fitted = FitOne(examples, epochs, (seed * 1_000) + member, member == 0 ? progress : null, cancellationToken);
            if (mean is null)
            {
                mean = fitted;
            }
            else
            {
                TensorPrimitives.Add(mean.Weights, fitted.Weights, mean.Weights);
            }
        }

        TensorPrimitives.Divide(mean!.Weights, members, mean.Weights);
        return mean;
    }

    /// <summary>
    /// The model with its scores divided by the temperature at which the probabilities fit <paramref name="measured"/> best
    /// (temperature scaling, Guo et al. 2017), and with weights as they are stored: in half precision.
    /// </summary>
    public IntentModel Calibrate(IReadOnlyList<(List<int> Features, string Label)> measured)
    {
        var best = (Temperature: 1f, Loss: double.MaxValue);
        var labelOf = Labels.Index().ToDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
        var scores = measured.Select(example => (Scores: Scores(example.Features), Label: labelOf.GetValueOrDefault(example.Label, -1))).Where(row => row.Label >= 0).ToList();
        var shares = new float[Labels.Count];
        for (var step = 0; scores.Count > 0 && step <= 50; step++)
        {
            var temperature = 0.5f + (step * 0.05f);
            var loss = 0.0;
            foreach (var (row, label) in scores)
            {
                TensorPrimitives.Divide(row, temperature, shares);
                TensorPrimitives.SoftMax(shares, shares);
                loss -= Math.Log(Math.Max(shares[label], 1e-9));
            }

            best = loss < best.Loss ? (temperature, loss) : best;
        }

        return new IntentModel(Labels, Half.Round([.. Weights.Select(weight => weight / best.Temperature)]));
    }

    private float[] Scores(List<int> features)
    {
        var scores = new float[Labels.Count];
        foreach (var feature in features)
        {
            TensorPrimitives.Add(scores, Weights.AsSpan(feature * Labels.Count, Labels.Count), scores);
        }

        TensorPrimitives.Multiply(scores, Scale(features.Count), scores);
        return scores;
    }

    private static IntentModel FitOne(
        IReadOnlyList<(List<int> Features, string Label)> examples, int epochs, int seed, Action<int, double>? progress, CancellationToken cancellationToken)
    {
        var labels = examples.Select(example => example.Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        var labelOf = labels.Index().ToDictionary(pair => pair.Item, pair => pair.Index, StringComparer.Ordinal);
        // Rare intents count as much as frequent ones, up to a point.
        var frequency = examples.CountBy(example => example.Label).ToDictionary(StringComparer.Ordinal);
        var mean = (double)examples.Count / labels.Length;
        var weightOf = labels.Select(label => (float)Math.Clamp(Math.Sqrt(mean / frequency[label]), 0.5, 2)).ToArray();

        var weights = new float[Features.IntentBuckets * labels.Length];
        var squares = new float[weights.Length];
        var order = Enumerable.Range(0, examples.Count).ToArray();
        var random = new Random(seed);
        var gradient = new float[labels.Length];
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            random.Shuffle(order);
            var loss = 0.0;
            foreach (var index in order)
            {
                var (all, label) = examples[index];
                // Leaving out part of the evidence each time keeps one telling word from carrying a decision alone.
                var features = all.FindAll(_ => random.NextSingle() >= Dropout);
                var target = labelOf[label];
                Array.Clear(gradient);
                foreach (var feature in features)
                {
                    TensorPrimitives.Add(gradient, weights.AsSpan(feature * labels.Length, labels.Length), gradient);
                }

                var scale = Scale(features.Count);
                TensorPrimitives.Multiply(gradient, scale, gradient);
                TensorPrimitives.SoftMax(gradient, gradient);
                loss -= Math.Log(Math.Max(gradient[target], 1e-9));
                gradient[target] -= 1;
                TensorPrimitives.Multiply(gradient, scale * weightOf[target], gradient);
                foreach (var feature in features)
                {
                    var row = feature * labels.Length;
                    for (var k = 0; k < labels.Length; k++)
                    {
                        var g = gradient[k] + (Regularisation * weights[row + k]);
                        squares[row + k] += g * g;
                        weights[row + k] -= LearningRate * g / (MathF.Sqrt(squares[row + k]) + 1e-4f);
                    }
                }
            }

            progress?.Invoke(epoch, loss / examples.Count);
        }

        return new IntentModel(labels, weights);
    }

    private const float Dropout = 0.5f;
    private const float LearningRate = 0.15f;
    private const float Regularisation = 2e-5f;

    private static float Scale(int features) => 1f / MathF.Sqrt(Math.Max(features, 1)) * 2f;

    /// <summary>Weights are stored with half precision; training ends on the stored values so that both sides compute the same.</summary>
    private static class Half
    {
        public static float[] Round(float[] weights) => [.. weights.Select(weight => (float)(System.Half)weight)];
    }
}
