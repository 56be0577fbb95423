using System.CommandLine;
using Spectre.Console;

namespace Fraud.Model.Commands;

/// <summary><c>train</c>: simulate, fit, calibrate, measure, write a version folder.</summary>
internal static class TrainCommand
{
    public static Command Create(TimeProvider clock)
    {
        var seed = CommandOptions.Seed();
        var output = new Option<DirectoryInfo>("--out") { Description = "Folder to write; its name is the model's version. Must not exist.", Required = true };
        var customers = CommandOptions.Customers();
        var days = CommandOptions.Days();
        var trees = new Option<int>("--trees") { Description = "Trees of the forest.", DefaultValueFactory = _ => new IsolationForestOptions().TreeCount };
        var subsample = new Option<int>("--subsample") { Description = "Payments per tree.", DefaultValueFactory = _ => new IsolationForestOptions().SubsampleSize };
        var champion = new Option<bool>("--champion") { Description = "Name the version in champion.json beside its folder." };
        trees.Validators.Add(CommandOptions.Within(1, 2000));
        subsample.Validators.Add(CommandOptions.Within(2, 8192));
        var command = new Command("train", "Train a model on simulated payments and write it as a version folder.") { seed, output, customers, days, trees, subsample, champion };
        command.SetAction(parsed =>
        {
            var directory = parsed.GetRequiredValue(output);
            if (!ModelDirectory.IsPlainName(directory.Name))
                return CommandOptions.Fail($"'{directory.Name}' is not a version name: use letters, digits, '.', '-' and '_'.");
            if (directory.Exists)
                return CommandOptions.Fail($"{directory.FullName} exists already; a model version is never overwritten.");

            var options = new FraudTrainingOptions
            {
                Version = directory.Name,
                Seed = parsed.GetValue(seed),
                Simulation = CommandOptions.Shape(parsed.GetValue(customers), parsed.GetValue(days)),
                Forest = new IsolationForestOptions { TreeCount = parsed.GetValue(trees), SubsampleSize = parsed.GetValue(subsample) },
            };
            FraudTrainingResult? result = null;
            AnsiConsole.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
                .Start(context => result = new FraudModelTrainer(options).Fit(new ConsoleProgress(context)));

            ModelWriter.Write(directory.FullName, options, result!, clock.GetUtcNow());
            if (parsed.GetValue(champion))
                ModelWriter.WriteChampion(directory.FullName);

            EvaluationTable.Print(result!.Model, result.Evaluation);
            AnsiConsole.MarkupLineInterpolated($"Written to [bold]{directory.FullName}[/].");
            return 0;
        });
        return command;
    }

    /// <summary>One bar per step, created when the step is first heard of.</summary>
    private sealed class ConsoleProgress(ProgressContext context) : IProgress<FraudTrainingProgress>
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, ProgressTask> _tasks = [];

        public void Report(FraudTrainingProgress value)
        {
            lock (_gate)
            {
                if (!_tasks.TryGetValue(value.Step, out var task))
                    _tasks[value.Step] = task = context.AddTask(value.Step, maxValue: value.Of);
                task.Value = Math.Max(task.Value, value.Done);
            }
        }
    }
}
