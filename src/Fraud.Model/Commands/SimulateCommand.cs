using System.CommandLine;
using System.Globalization;
using CsvHelper;
using Spectre.Console;

namespace Fraud.Model.Commands;

/// <summary><c>simulate</c>: write a simulated bank's payments as CSV, one feature per column and the hidden truth last.</summary>
internal static class SimulateCommand
{
    public const string ScenarioColumn = "scenario";

    public static Command Create()
    {
        var seed = CommandOptions.Seed();
        var customers = CommandOptions.Customers();
        var days = CommandOptions.Days();
        var output = new Option<FileInfo>("--out") { Description = "CSV file to write.", Required = true };
        var command = new Command("simulate", "Write simulated payments as CSV.") { seed, customers, days, output };
        command.SetAction(parsed =>
        {
            var shape = CommandOptions.Shape(parsed.GetValue(customers), parsed.GetValue(days)) with { Seed = parsed.GetValue(seed) };
            var bank = HistoryReplay.Run(new BankSimulator(shape).Run());
            using var writer = new CsvWriter(new StreamWriter(parsed.GetRequiredValue(output).FullName) { NewLine = "\n" }, CultureInfo.InvariantCulture);
            foreach (var name in FraudFeatures.Names)
                writer.WriteField(name);
            writer.WriteField(ScenarioColumn);
            writer.NextRecord();
            for (var i = 0; i < bank.Features.RowCount; i++)
            {
                foreach (var value in bank.Features[i])
                    writer.WriteField(value.ToString("R", CultureInfo.InvariantCulture));
                writer.WriteField(bank.Scenarios[i].ToString());
                writer.NextRecord();
            }

            AnsiConsole.WriteLine($"{bank.Features.RowCount} payments written.");
            return 0;
        });
        return command;
    }
}
