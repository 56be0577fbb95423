using System.CommandLine;
using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Spectre.Console;

namespace Fraud.Model.Commands;

/// <summary><c>score</c>: score rows of features from a CSV file. Broken rows are reported with their line, the others scored.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var directory = new Option<DirectoryInfo>("--model") { Description = "The version folder.", Required = true };
        var input = new Option<FileInfo>("--in") { Description = "CSV with a column per feature; other columns are ignored.", Required = true };
        var output = new Option<FileInfo>("--out") { Description = "CSV to write: line, score, reasons.", Required = true };
        var command = new Command("score", "Score payments from a CSV file of features.") { directory, input, output };
        command.SetAction(parsed =>
        {
            var loaded = FraudModel.Load(parsed.GetRequiredValue(directory).FullName);
            if (loaded.Model is not { } model)
                return CommandOptions.Fail($"{loaded.Failure}: {loaded.Detail}");

            var source = parsed.GetRequiredValue(input);
            return source.Exists
                ? Score(model, source.FullName, parsed.GetRequiredValue(output).FullName)
                : CommandOptions.Fail($"{source.FullName} does not exist.");
        });
        return command;
    }

    private static int Score(FraudModel model, string input, string output)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture) { MissingFieldFound = null, BadDataFound = null };
        using var reader = new CsvReader(new StreamReader(input), configuration);
        if (!reader.Read() || !reader.ReadHeader())
            return CommandOptions.Fail($"{input} is empty.");

        var missing = FraudFeatures.Names.Where(name => reader.GetFieldIndex(name, isTryGet: true) < 0).ToArray();
        if (missing.Length > 0)
            return CommandOptions.Fail($"{input} lacks the columns {string.Join(", ", missing)}.");

        using var writer = new CsvWriter(new StreamWriter(output) { NewLine = "\n" }, CultureInfo.InvariantCulture);
        writer.WriteField("line");
        writer.WriteField("score");
        writer.WriteField("reasons");
        writer.NextRecord();
        var features = new float[FraudFeatures.Count];
        var scored = 0;
        var broken = 0;
        while (reader.Read())
        {
            if (!TryReadRow(reader, features, out var column))
            {
                broken++;
                CommandOptions.Fail($"Line {reader.Parser.RawRow}: '{column}' is not a finite number; skipped.");
                continue;
            }

            var score = model.Score(features);
            writer.WriteField(reader.Parser.RawRow);
            writer.WriteField(score.Score.ToString("R", CultureInfo.InvariantCulture));
            writer.WriteField(string.Join(' ', score.Reasons.Select(reason => reason.Code)));
            writer.NextRecord();
            scored++;
        }

        AnsiConsole.WriteLine($"{scored} payments scored, {broken} rows skipped.");
        return broken == 0 ? 0 : 2;
    }

    private static bool TryReadRow(CsvReader reader, float[] features, out string column)
    {
        for (var i = 0; i < features.Length; i++)
        {
            column = FraudFeatures.Names[i];
            if (!float.TryParse(reader.GetField(column), NumberStyles.Float, CultureInfo.InvariantCulture, out features[i]) || !float.IsFinite(features[i]))
                return false;
        }

        column = "";
        return true;
    }
}
