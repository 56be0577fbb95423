using Spectre.Console;

namespace Fraud.Model.Commands;

internal static class EvaluationTable
{
    public static void Print(FraudModel model, ModelEvaluation evaluation)
    {
        var figures = new Table().AddColumn($"Model {Markup.Escape(model.Version)}").AddColumn(new TableColumn("").RightAligned());
        figures.AddRow("payments (fraudulent)", $"{evaluation.Payments} ({evaluation.Frauds})");
        figures.AddRow("AUC ROC", $"{evaluation.Ranking.AucRoc:F4}");
        figures.AddRow("average precision", $"{evaluation.Ranking.AveragePrecision:F3}");
        figures.AddRow("recall at 0.5 % alerts", $"{evaluation.Ranking.RecallAtBudget:P1}");
        figures.AddRow("hold threshold", $"{model.HoldThreshold:F5}");
        figures.AddRow("ordinary payments held", $"{evaluation.OrdinaryHoldRate:P2}");
        figures.AddRow("strong-factor threshold", $"{model.StrongFactorThreshold:F5}");
        figures.AddRow("ordinary payments asked for it", $"{evaluation.OrdinaryStrongFactorRate:P2}");
        figures.AddRow("frauds among held", $"{evaluation.HoldPrecision:P1}");
        AnsiConsole.Write(figures);

        var scenarios = new Table();
        scenarios.AddColumns("scenario", "payments", "held", "strong factor", "frauds", "with a hold");
        foreach (var row in evaluation.Scenarios)
            scenarios.AddRow($"{row.Scenario}", $"{row.Payments}", $"{row.PaymentRecall:P1}", $"{row.StrongFactorRecall:P1}", $"{row.Episodes}", $"{row.EpisodeRecall:P1}");
        AnsiConsole.Write(scenarios);
    }
}
