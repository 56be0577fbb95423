using System.CommandLine;
using Fraud.Model.Commands;
using Spectre.Console;

if (Console.IsOutputRedirected)
{
    // Tables in a file or a pipe are neither wrapped at a guessed width nor coloured.
    AnsiConsole.Profile.Width = 160;
    AnsiConsole.Profile.Capabilities.Ansi = false;
}

var root = new RootCommand("Fraud models: train, measure and inspect them.")
{
    TrainCommand.Create(TimeProvider.System),
    EvaluateCommand.Create(),
    InspectCommand.Create(),
    SimulateCommand.Create(),
    ScoreCommand.Create(),
};
return root.Parse(args).Invoke();
