using System.CommandLine;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Assistant.Bot.Understanding;

/// <summary>The <c>understanding</c> command: train, evaluate and try the models that read customers' messages.</summary>
public static class UnderstandingCommands
{
    private const string DefaultCorpus = "src/Assistant.Bot/Understanding/Corpus";
    private const string DefaultRegistry = "models/understanding";

    private static readonly JsonSerializerOptions LineJson = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The command with its three verbs. Exit code 0 on success, 1 when corpus or model cannot be used.</summary>
    public static Command Build(TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        var corpusOption = new Option<string>("--corpus") { Description = "Folder of corpus files.", DefaultValueFactory = _ => DefaultCorpus };
        var modelOption = new Option<string?>("--model") { Description = $"Model folder; without it the champion of {DefaultRegistry}." };

        var outOption = new Option<string>("--out") { Description = "Model folder to write; its name is the version.", Required = true };
        var seedOption = new Option<int>("--seed") { Description = "Decides every random choice.", DefaultValueFactory = _ => 1 };
        var train = new Command("train", "Train intent and slot models and write a model folder with its card.") { corpusOption, outOption, seedOption };
        train.SetAction((result, cancellationToken) => Task.FromResult(Guarded(() =>
        {
            var folder = Resolve(result.GetRequiredValue(outOption));
            var corpus = Corpus.Load(Resolve(result.GetRequiredValue(corpusOption)));
            var trained = TrainModel.Fit(corpus, Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), result.GetValue(seedOption), Console.Error.WriteLine, cancellationToken);
            TrainModel.Write(trained, corpus, folder);
            Print(trained.Model.HeldOut);
            Console.WriteLine($"written to {folder}");
        })));

        var mistakesOption = new Option<bool>("--mistakes") { Description = "Also list what was read differently from its label." };
        var evaluate = new Command("evaluate", "Measure a model on the held-out part of the corpus.") { corpusOption, modelOption, mistakesOption };
        evaluate.SetAction(result => Guarded(() =>
        {
            var model = Open(result.GetValue(modelOption));
            var corpus = Corpus.Load(Resolve(result.GetRequiredValue(corpusOption)));
            if (result.GetValue(mistakesOption))
            {
                foreach (var line in EvaluateModel.Mistakes(model, corpus.HeldOut))
                {
                    Console.WriteLine(line);
                }
            }

            Print(EvaluateModel.Figures(model, corpus.HeldOut));
            var watch = Stopwatch.StartNew();
            foreach (var example in corpus.HeldOut)
            {
                model.Analyse(example.Text);
            }

            Console.WriteLine($"mean time per utterance  {watch.Elapsed.TotalMilliseconds / corpus.HeldOut.Count:F3} ms");
        }));

        var classify = new Command("classify", "Read utterances from standard input, one a line, and write a JSON line for each.") { modelOption };
        classify.SetAction(result => Guarded(() =>
        {
            var model = Open(result.GetValue(modelOption));
            var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            while (Console.In.ReadLine() is { } line)
            {
                Console.WriteLine(JsonSerializer.Serialize(model.Understand(line, today), LineJson));
            }
        }));

        return new Command("understanding", "Models that read what customers write.") { train, evaluate, classify };
    }

    private static UnderstandingModel Open(string? folder) => folder is null ? UnderstandingModel.LoadChampion(Resolve(DefaultRegistry)) : UnderstandingModel.Load(Resolve(folder));

    // `dotnet run --project` starts a web project in its own folder; inside the repository, paths are meant from its root.
    private static string Resolve(string path)
    {
        for (var folder = new DirectoryInfo(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SecureBank.sln")))
            {
                return Path.Combine(folder.FullName, path);
            }
        }

        return Path.GetFullPath(path);
    }

    private static void Print(HeldOutFigures? figures)
    {
        if (figures is not null)
        {
            Console.WriteLine($"held out                 {figures.Utterances} utterances");
            Console.WriteLine($"intent accuracy          {figures.IntentAccuracy:F4}");
            Console.WriteLine($"intent macro F1          {figures.IntentMacroF1:F4}");
            Console.WriteLine($"slot F1                  {figures.SlotF1:F4}");
            Console.WriteLine($"out of scope turned away {figures.OutOfScopeRejected:F4}");
            Console.WriteLine($"in scope turned away     {figures.InScopeRejected:F4}");
        }
    }

    private static int Guarded(Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (Exception e) when (e is CorpusException or ModelLoadException or IOException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
