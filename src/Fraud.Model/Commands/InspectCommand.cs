using System.CommandLine;
using System.Text;
using Spectre.Console;

namespace Fraud.Model.Commands;

/// <summary><c>inspect</c>: verify a version folder and show what it says about itself.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var directory = new Argument<DirectoryInfo>("directory") { Description = "The version folder." };
        var command = new Command("inspect", "Verify a model's hashes and print its manifest and card.") { directory };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(directory).FullName;
            var loaded = FraudModel.Load(path);
            if (loaded.Model is not { } model)
                return CommandOptions.Fail($"{loaded.Failure}: {loaded.Detail}");

            var manifest = ModelDirectory.ReadVerified(path, expectedManifestSha256: null).Manifest!;
            var table = new Table().HideHeaders().AddColumn("").AddColumn("");
            table.AddRow("version", Markup.Escape(manifest.Version));
            table.AddRow("created", $"{manifest.Created:u}");
            table.AddRow("seed", $"{manifest.Seed}");
            table.AddRow("code", Markup.Escape(manifest.CodeVersion));
            table.AddRow("data", Markup.Escape(manifest.DataFingerprint));
            table.AddRow("trees x payments", $"{model.Forest.TreeCount} x {model.Forest.SubsampleSize}");
            table.AddRow("hold / strong factor", $"{model.HoldThreshold:F5} / {model.StrongFactorThreshold:F5}");
            foreach (var (name, hash) in manifest.Files)
                table.AddRow($"{Markup.Escape(name)}", $"{Markup.Escape(hash)} verified");
            AnsiConsole.Write(table);

            if (ModelDirectory.TryReadFile(Path.Combine(path, ModelWriter.CardFileName), out var card, out _))
                Console.Out.Write(Encoding.UTF8.GetString(card));
            return 0;
        });
        return command;
    }
}
