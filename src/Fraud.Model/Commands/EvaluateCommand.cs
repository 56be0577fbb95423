using System.CommandLine;
using System.Diagnostics;
using Spectre.Console;

namespace Fraud.Model.Commands;

/// <summary><c>evaluate</c>: measure a model on a bank of one's choice.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var directory = new Option<DirectoryInfo>("--model") { Description = "The version folder.", Required = true };
        var seed = CommandOptions.Seed();
        var customers = CommandOptions.Customers();
        var days = CommandOptions.Days();
        var command = new Command("evaluate", "Measure a model on simulated payments.") { directory, seed, customers, days };
        command.SetAction(parsed =>
        {
            var loaded = FraudModel.Load(parsed.GetRequiredValue(directory).FullName);
            if (loaded.Model is not { } model)
                return CommandOptions.Fail($"{loaded.Failure}: {loaded.Detail}");

            var shape = CommandOptions.Shape(parsed.GetValue(customers), parsed.GetValue(days));
            EvaluationTable.Print(model, ModelEvaluation.Run(model, shape, [parsed.GetValue(seed)]));
            PrintLatency(model, shape with { Seed = parsed.GetValue(seed), Customers = Math.Min(200, shape.Customers) });
            return 0;
        });
        return command;
    }

    /// <summary>One payment at a time on one core: features from histories already loaded, score and reasons.</summary>
    private static void PrintLatency(FraudModel model, SimulationOptions shape)
    {
        var replay = new HistoryReplay();
        var features = new float[FraudFeatures.Count];
        var ticks = new List<long>();
        foreach (var payment in new BankSimulator(shape).Run())
        {
            var start = Stopwatch.GetTimestamp();
            replay.Next(payment, features);
            model.Score(features);
            ticks.Add(Stopwatch.GetTimestamp() - start);
        }

        // The first payments pay for compilation.
        var sorted = ticks.Skip(Math.Min(2000, ticks.Count / 2)).Order().ToArray();
        double Microseconds(double quantile) => sorted[(int)((sorted.Length - 1) * quantile)] * 1e6 / Stopwatch.Frequency;
        AnsiConsole.WriteLine($"features + score + reasons: p50 {Microseconds(0.5):F0} us, p99 {Microseconds(0.99):F0} us ({sorted.Length} payments)");
    }
}
