using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fraud.Model;

/// <summary>Writes a trained model as a version folder.</summary>
public static class ModelWriter
{
    // The files are never embedded in HTML; '+' in a version should read as such.
    private static readonly ModelJson Json = new(new JsonSerializerOptions(ModelJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>File name of the model card.</summary>
    public const string CardFileName = "card.md";

    /// <summary>File name of the figures.</summary>
    public const string MetricsFileName = "metrics.json";

    /// <summary>
    /// Writes <c>model.bin</c>, <c>card.md</c>, <c>metrics.json</c> and, last, <c>manifest.json</c>. The folder appears under its name only
    /// when it is complete.
    /// </summary>
    /// <exception cref="IOException">The folder exists already: a version is never overwritten.</exception>
    public static ModelManifest Write(string directory, FraudTrainingOptions options, FraudTrainingResult result, DateTimeOffset created)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (Directory.Exists(target))
            throw new IOException($"{target} exists already; a model version is never overwritten.");

        var building = target + ".incomplete";
        if (Directory.Exists(building))
            Directory.Delete(building, recursive: true);
        Directory.CreateDirectory(building);

        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [ModelManifest.ModelFileName] = ModelFile.Write(result.Model),
            [MetricsFileName] = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(result.Evaluation, MetricsJson.Default.ModelEvaluation) + "\n"),
            [CardFileName] = Encoding.UTF8.GetBytes(Card(options, result)),
        };
        var manifest = new ModelManifest(
            ModelManifest.CurrentFormat,
            options.Version,
            created,
            options.Seed,
            CodeVersion(),
            result.DataFingerprint,
            FraudFeatures.Names,
            files.ToDictionary(file => file.Key, file => ModelDirectory.Hash(file.Value)));
        files[ModelManifest.FileName] = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(manifest, Json.ModelManifest) + "\n");
        foreach (var (name, bytes) in files)
            File.WriteAllBytes(Path.Combine(building, name), bytes);

        Directory.Move(building, target);
        return manifest;
    }

    /// <summary>Names a version folder as the champion, pinned by the hash of its manifest.</summary>
    public static void WriteChampion(string versionDirectory)
    {
        var directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(versionDirectory));
        var manifest = File.ReadAllBytes(Path.Combine(directory, ModelManifest.FileName));
        var champion = new Champion(Path.GetFileName(directory), ModelDirectory.Hash(manifest));
        var file = Path.Combine(Path.GetDirectoryName(directory)!, Champion.FileName);
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(champion, Json.Champion) + "\n");
        File.Move(file + ".new", file, overwrite: true);
    }

    private static string CodeVersion()
        => typeof(ModelWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static string Card(FraudTrainingOptions options, FraudTrainingResult result)
    {
        var model = result.Model;
        var evaluation = result.Evaluation;
        var text = new StringBuilder();
        void Line(string line = "") => text.Append(line).Append('\n');

        Line($"# Fraud model {model.Version}");
        Line();
        Line("An isolation forest that says how unusual a payment is, calibrated to the share of ordinary payments that are less unusual.");
        Line("It needs no labels. Trained on payments of a simulated bank only; it has never seen a real customer.");
        Line();
        Line("## Use");
        Line();
        Line($"- Hold at score >= {model.HoldThreshold:F5}; ask for the stronger factor at score >= {model.StrongFactorThreshold:F5}.");
        Line("- Meant for a person to review what is held, never as the only ground to refuse a customer.");
        Line("- Before use in a bank: recalibrate and choose thresholds on that bank's own ordinary payments.");
        Line();
        Line("## Training");
        Line();
        Line($"- {result.TrainingPayments} payments ({result.TrainingFrauds} of them fraudulent, unmarked) of {options.Simulation.Customers} simulated customers,");
        Line($"  {options.Simulation.Days - options.Simulation.WarmUpDays} days after {options.Simulation.WarmUpDays} days of warm-up; seed {options.Seed}.");
        Line($"- {model.Forest.TreeCount} trees of {model.Forest.SubsampleSize} payments each, {FraudFeatures.Count} features (listed in the manifest).");
        Line("- Calibration on the ordinary payments of a second bank, thresholds on those of a third.");
        Line();
        Line("## Figures on banks it has not seen");
        Line();
        Line($"Seeds {string.Join(", ", evaluation.Seeds)}; {evaluation.Payments} payments, {evaluation.Frauds} fraudulent ({evaluation.Frauds / (double)evaluation.Payments:P2},");
        Line("more than in most banks, so that recall can be measured; precision would be lower there).");
        Line();
        Line("| figure | value |");
        Line("|---|---|");
        Line($"| AUC ROC | {evaluation.Ranking.AucRoc:F4} |");
        Line($"| average precision | {evaluation.Ranking.AveragePrecision:F3} |");
        Line($"| recall when 0.5 % of payments are looked at | {evaluation.Ranking.RecallAtBudget:P1} |");
        Line($"| ordinary payments held | {evaluation.OrdinaryHoldRate:P2} |");
        Line($"| ordinary payments asked for the stronger factor | {evaluation.OrdinaryStrongFactorRate:P2} |");
        Line($"| frauds among held payments | {evaluation.HoldPrecision:P1} |");
        Line();
        Line("| scenario | payments | held | asked for the stronger factor | frauds | with a payment held |");
        Line("|---|---|---|---|---|---|");
        foreach (var scenario in evaluation.Scenarios)
            Line(string.Create(CultureInfo.InvariantCulture, $"| {scenario.Scenario} | {scenario.Payments} | {scenario.PaymentRecall:P1} | {scenario.StrongFactorRecall:P1} | {scenario.Episodes} | {scenario.EpisodeRecall:P1} |"));
        Line();
        Line("## Limits");
        Line();
        Line("- The simulator's habits and frauds are assumptions. The figures say that the method finds what it was built to find, not how much");
        Line("  fraud a bank will catch.");
        Line("- The first payments of a burst, and the first victims of a mule account, look ordinary; the model reacts once a pattern exists.");
        Line("- A coerced payment to a new payee can look exactly like a legitimate large one (a deposit, a used car). The simulated ones take much of");
        Line("  the balance at once; real ones that do not will be missed more often than the table says.");
        Line("- Ordinary payments that are held are mostly those: large first payments to a stranger.");
        Line("- The features assume a currency with two decimals and prices of roughly 100.00 per ordinary payment.");
        return text.ToString();
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ModelEvaluation))]
internal sealed partial class MetricsJson : JsonSerializerContext;
