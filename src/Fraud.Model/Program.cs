using System.CommandLine;
using Fraud.Model.Commands;

var root = new RootCommand("Fraud models: train, measure and inspect them.")
{
    TrainCommand.Create(TimeProvider.System),
    EvaluateCommand.Create(),
    InspectCommand.Create(),
    SimulateCommand.Create(),
    ScoreCommand.Create(),
};
return root.Parse(args).Invoke();
