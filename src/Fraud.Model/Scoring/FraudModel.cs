namespace Fraud.Model;

/// <summary>
/// A loaded model: forest, calibration, operating points. Immutable and safe for concurrent use; a reload makes a new one.
/// </summary>
public sealed class FraudModel
{
    /// <summary>Reasons given with a score at most.</summary>
    public const int MaxReasons = 5;

    /// <summary>A reason must carry at least this share of everything that raised the score.</summary>
    internal const double MinReasonShare = 0.04;

    /// <summary>Below this a contribution is noise: every payment differs a little from the mean.</summary>
    internal const double MinContribution = 0.02;

    private const int ReasonCodes = 16;

    internal FraudModel(
        string version,
        IsolationForest forest,
        ScoreCalibration calibration,
        float[] typical,
        double holdThreshold,
        double strongFactorThreshold)
    {
        Version = version;
        Forest = forest;
        Calibration = calibration;
        Typical = typical;
        HoldThreshold = holdThreshold;
        StrongFactorThreshold = strongFactorThreshold;
    }

    /// <summary>The version named in every decision.</summary>
    public string Version { get; }

    /// <summary>A payment that scores at least this is held. Chosen at training as an allowed share of ordinary payments.</summary>
    public double HoldThreshold { get; }

    /// <summary>A payment that scores at least this asks for the stronger factor. Never above <see cref="HoldThreshold"/>.</summary>
    public double StrongFactorThreshold { get; }

    internal IsolationForest Forest { get; }

    internal ScoreCalibration Calibration { get; }

    /// <summary>Median of each feature over the training payments; only what lies above it can be a reason.</summary>
    internal float[] Typical { get; }

    /// <summary>
    /// Loads a version's folder after checking the SHA-256 of every file its manifest lists, the format version and the feature names.
    /// Never throws on what it reads.
    /// </summary>
    public static FraudModelLoadResult Load(string versionDirectory) => ModelDirectory.Load(versionDirectory, expectedManifestSha256: null);

    /// <summary>The calibrated score alone; allocates nothing. A feature that is not finite scores 1: what cannot be judged is not let through.</summary>
    /// <exception cref="ArgumentException">The number of features is not <see cref="FraudFeatures.Count"/>.</exception>
    public double ScoreOnly(ReadOnlySpan<float> features)
    {
        CheckLength(features);
        return AllFinite(features) ? Calibration.Apply(Forest.Score(features)) : 1;
    }

    /// <summary>Computes the features of a payment and scores it.</summary>
    /// <param name="facts">What is known about the payment.</param>
    /// <param name="payer">What the debited account sent before this payment.</param>
    /// <param name="counterparty">What the credited account received before this payment.</param>
    public FraudScore Score(in PaymentFacts facts, EntityHistory payer, EntityHistory counterparty)
    {
        Span<float> features = stackalloc float[FraudFeatures.Count];
        FraudFeatures.Compute(facts, payer, counterparty, features);
        return Score(features);
    }

    /// <summary>The calibrated score with its reasons.</summary>
    /// <inheritdoc cref="ScoreOnly"/>
    public FraudScore Score(ReadOnlySpan<float> features)
    {
        CheckLength(features);
        if (!AllFinite(features))
            return new FraudScore(1, [new FraudReason(FraudReasonCode.NotScorable, 1)], Version);

        Span<double> credits = stackalloc double[FraudFeatures.Count];
        var raw = Forest.Explain(features, credits);
        return new FraudScore(Calibration.Apply(raw), Reasons(features, credits), Version);
    }

    private FraudReason[] Reasons(ReadOnlySpan<float> features, ReadOnlySpan<double> credits)
    {
        Span<double> byCode = stackalloc double[ReasonCodes];
        byCode.Clear();
        double raised = 0;
        for (var i = 0; i < features.Length; i++)
        {
            // A credit on a feature that is not above its usual value says that something was unremarkable in a rare way.
            if (credits[i] <= 0 || features[i] <= Typical[i])
                continue;
            byCode[(int)FraudFeatures.ReasonOf(i)] += credits[i];
            raised += credits[i];
        }

        var reasons = new List<FraudReason>(MaxReasons);
        while (reasons.Count < MaxReasons)
        {
            // Strongest first; ties go to the smaller code, so the order is a function of the input.
            var best = 0;
            for (var code = 1; code < byCode.Length; code++)
            {
                if (byCode[code] > byCode[best])
                    best = code;
            }

            if (byCode[best] < Math.Max(MinContribution, MinReasonShare * raised))
                break;
            reasons.Add(new FraudReason((FraudReasonCode)best, byCode[best]));
            byCode[best] = 0;
        }

        return [.. reasons];
    }

    private static void CheckLength(ReadOnlySpan<float> features)
    {
        if (features.Length != FraudFeatures.Count)
            throw new ArgumentException($"A payment has {FraudFeatures.Count} features, not {features.Length}.", nameof(features));
    }

    private static bool AllFinite(ReadOnlySpan<float> features)
    {
        foreach (var value in features)
        {
            if (!float.IsFinite(value))
                return false;
        }

        return true;
    }
}
