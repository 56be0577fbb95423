using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Fraud.Model;

/// <summary>How a model version is trained.</summary>
public sealed record FraudTrainingOptions
{
    /// <summary>Name of the version.</summary>
    public required string Version { get; init; }

    /// <summary>Seed of everything. The banks used for calibration, thresholds and evaluation have seeds derived from it.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Shape of the simulated banks; its seed is ignored.</summary>
    public SimulationOptions Simulation { get; init; } = new();

    /// <summary>Shape of the forest; its seed is ignored.</summary>
    public IsolationForestOptions Forest { get; init; } = new();

    /// <summary>Share of ordinary payments that may be held. Kept below the promised 0.5 % so that an unseen bank stays within it.</summary>
    public double OrdinaryHoldShare { get; init; } = 0.004;

    /// <summary>Share of ordinary payments that may be asked for the stronger factor.</summary>
    public double OrdinaryStrongFactorShare { get; init; } = 0.03;

    /// <summary>Unseen banks the finished model is measured on.</summary>
    public int EvaluationBanks { get; init; } = 8;
}

/// <summary>What training yields.</summary>
/// <param name="Model">The model.</param>
/// <param name="Evaluation">Its figures on unseen banks.</param>
/// <param name="TrainingPayments">Payments the forest was fitted to.</param>
/// <param name="TrainingFrauds">Frauds among them, unmarked.</param>
/// <param name="DataFingerprint">SHA-256 over the training features in order.</param>
public sealed record FraudTrainingResult(
    FraudModel Model, ModelEvaluation Evaluation, int TrainingPayments, int TrainingFrauds, string DataFingerprint);

/// <summary>A step of training, for progress displays.</summary>
/// <param name="Step">What is being done.</param>
/// <param name="Done">How much of it is done.</param>
/// <param name="Of">How much there is.</param>
public readonly record struct FraudTrainingProgress(string Step, int Done, int Of);

/// <summary>
/// Trains a model on the simulator: forest on one bank's payments as they come (frauds included, labels unread), calibration on the ordinary
/// payments of a second bank, operating points on those of a third, figures on further ones.
/// </summary>
public sealed class FraudModelTrainer(FraudTrainingOptions options)
{
    /// <summary>
    /// Runs all steps. Same options, same model, byte for byte, whatever the number of cores. Across platforms the last bit of a logarithm
    /// may differ, because the runtime takes it from the C library, and with it the model.
    /// </summary>
    public FraudTrainingResult Fit(IProgress<FraudTrainingProgress>? progress = null)
    {
        progress?.Report(new("Simulate the training bank", 0, 1));
        var bank = Simulate(options.Seed);
        progress?.Report(new("Simulate the training bank", 1, 1));

        var forest = new IsolationForestTrainer(options.Forest with { Seed = options.Seed })
            .Fit(bank.Features, progress is null ? null : new TreeProgress(progress, options.Forest.TreeCount));

        progress?.Report(new("Calibrate", 0, 2));
        var calibration = ScoreCalibration.Fit(Ordinary(forest, Simulate(options.Seed + 1)));
        progress?.Report(new("Calibrate", 1, 2));
        var validation = Ordinary(forest, Simulate(options.Seed + 2)).ConvertAll(calibration.Apply);
        validation.Sort();
        progress?.Report(new("Calibrate", 2, 2));

        var model = new FraudModel(
            options.Version,
            forest,
            calibration,
            Medians(bank.Features),
            Threshold(validation, options.OrdinaryHoldShare),
            Threshold(validation, options.OrdinaryStrongFactorShare));

        var seeds = EvaluationSeeds(options.Seed, options.EvaluationBanks);
        var done = 0;
        progress?.Report(new("Evaluate on unseen banks", 0, seeds.Count));
        var evaluation = ModelEvaluation.Run(
            model, options.Simulation, seeds, () => progress?.Report(new("Evaluate on unseen banks", ++done, seeds.Count)));

        return new FraudTrainingResult(
            model,
            evaluation,
            bank.Features.RowCount,
            bank.Scenarios.Count(scenario => scenario != FraudScenario.None),
            Fingerprint(bank.Features));
    }

    /// <summary>Seeds far from those used in training.</summary>
    internal static IReadOnlyList<long> EvaluationSeeds(long seed, int banks) => [.. Enumerable.Range(1, banks).Select(i => seed + 5000 + i)];

    private LabelledPayments Simulate(long seed) => HistoryReplay.Run(new BankSimulator(options.Simulation with { Seed = seed }).Run());

    private static List<double> Ordinary(IsolationForest forest, LabelledPayments bank)
    {
        var scores = forest.Transform(bank.Features);
        return [.. scores.Where((_, i) => bank.Scenarios[i] == FraudScenario.None)];
    }

    /// <summary>The smallest score that at most this share of the sorted sample reaches.</summary>
    private static double Threshold(List<double> sorted, double share)
    {
        var rank = Math.Clamp((int)Math.Ceiling(sorted.Count * (1 - share)), 0, sorted.Count - 1);
        return sorted[rank];
    }

    private static float[] Medians(FeatureTable rows)
    {
        var column = new float[rows.RowCount];
        var medians = new float[rows.FeatureCount];
        for (var f = 0; f < medians.Length; f++)
        {
            for (var i = 0; i < column.Length; i++)
                column[i] = rows[i][f];
            Array.Sort(column);
            medians[f] = column[column.Length / 2];
        }

        return medians;
    }

    private static string Fingerprint(FeatureTable rows)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < rows.RowCount; i++)
            hash.AppendData(MemoryMarshal.AsBytes(rows[i]));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class TreeProgress(IProgress<FraudTrainingProgress> progress, int trees) : IProgress<int>
    {
        public void Report(int value) => progress.Report(new("Grow trees", value, trees));
    }
}
