using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Assistant.Bot.Understanding;

/// <summary>Trains both models from a corpus and writes a model folder: weights, manifest and card. The same corpus and seed give the same bytes.</summary>
internal static class TrainModel
{
    private const int SlotEpochs = 8;
    private const int IntentEpochs = 10;
    private const int IntentMembers = 4;
    private const int SlotMembers = 4;
    private const int Folds = 4;
    private const int FoldEpochs = 3;

    // Asking again is the lesser evil only as long as it stays rare: the threshold is chosen within this share of in-scope utterances.
    private const double MostTurnedAway = 0.02;

    public static TrainedModel Fit(Corpus corpus, string version, int seed, Action<string>? progress = null, CancellationToken cancellationToken = default)
    {
        var examples = corpus.Expand(seed);
        progress?.Invoke($"{examples.Count} training utterances from {corpus.Sources} written lines; {corpus.HeldOut.Count} held out");
        var tokenized = examples.Select(example => Tokenizer.Tokenize(example.Text)).ToArray();
        var labelled = examples.Select((example, i) => (Tokens: tokenized[i], Labels: Corpus.LabelsOf(example, tokenized[i]))).ToArray();
        var tagger = SlotTagger.Fit(labelled, SlotEpochs, SlotMembers, seed, (epoch, wrong) => progress?.Invoke($"slots   {epoch}/{SlotEpochs}: {wrong.ToString("P2", CultureInfo.InvariantCulture)} of utterances wrong"), cancellationToken);

        // The intent model meets slots that are found, not given, and found less well than on lines the tagger was trained on: so it is trained
        // on what taggers found that had not seen the line.
        var found = new string?[examples.Count][];
        for (var fold = 0; fold < Folds; fold++)
        {
            var others = labelled.Where((_, i) => examples[i].Source % Folds != fold).ToArray();
            var stranger = SlotTagger.Fit(others.Length > 0 ? others : labelled, FoldEpochs, 1, seed, null, cancellationToken);
            for (var i = 0; i < found.Length; i++)
            {
                if (examples[i].Source % Folds == fold)
                {
                    found[i] = UnderstandingModel.SlotOf(stranger.Tag(tokenized[i]));
                }
            }
        }

        var featured = examples.Select((example, i) => (Features: Features.OfUtterance(tokenized[i], found[i]), Label: example.Intent)).ToArray();
        var development = corpus.Development
            .Select(example => (Tokens: Tokenizer.Tokenize(example.Text), example.Intent))
            .Select(example => (Features.OfUtterance(example.Tokens, UnderstandingModel.SlotOf(tagger.Tag(example.Tokens))), example.Intent))
            .ToArray();
        var intents = IntentModel
            .Fit(featured, IntentEpochs, IntentMembers, seed, (epoch, loss) => progress?.Invoke($"intents {epoch}/{IntentEpochs}: loss {loss.ToString("F4", CultureInfo.InvariantCulture)}"), cancellationToken)
            .Calibrate(development);

        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [UnderstandingModel.IntentFile] = Convert.ToHexStringLower(SHA256.HashData(UnderstandingModel.WriteIntents(intents))),
            [UnderstandingModel.SlotFile] = Convert.ToHexStringLower(SHA256.HashData(UnderstandingModel.WriteSlots(tagger))),
        };
        var manifest = new ModelManifest(UnderstandingModel.Format, version, corpus.Fingerprint, seed, examples.Count, AcceptAbove: 0.5, UnsureAbove: 0.3, null, hashes);
        var model = new UnderstandingModel(intents, tagger, manifest);
        if (corpus.Development.Count > 0)
        {
            var accept = EvaluateModel.ChooseThreshold(model, corpus.Development, MostTurnedAway);
            model = new UnderstandingModel(intents, tagger, manifest = manifest with { AcceptAbove = accept, UnsureAbove = Math.Round(accept * 0.6, 2) });
            progress?.Invoke($"development: {EvaluateModel.Figures(model, corpus.Development)}, accepted above {accept.ToString(CultureInfo.InvariantCulture)}");
        }

        if (corpus.HeldOut.Count > 0)
        {
            model = new UnderstandingModel(intents, tagger, manifest with { HeldOut = EvaluateModel.Figures(model, corpus.HeldOut) });
        }

        return new TrainedModel(model, UnderstandingModel.WriteIntents(intents), UnderstandingModel.WriteSlots(tagger));
    }

    /// <summary>Writes the model folder.</summary>
    public static void Write(TrainedModel trained, Corpus corpus, string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, UnderstandingModel.IntentFile), trained.Intents);
        File.WriteAllBytes(Path.Combine(folder, UnderstandingModel.SlotFile), trained.Slots);
        File.WriteAllText(Path.Combine(folder, "manifest.json"), JsonSerializer.Serialize(trained.Model.Manifest, UnderstandingModel.ManifestJson) + "\n");
        File.WriteAllText(Path.Combine(folder, "card.md"), Card(trained.Model, corpus));
    }

    private static string Card(UnderstandingModel model, Corpus corpus)
    {
        var card = new StringBuilder();
        var manifest = model.Manifest;
        card.Append(CultureInfo.InvariantCulture, $"""
            # Understanding model {manifest.Version}

            Reads what a customer writes to the assistant: the intent, and the slots (amount, payee, account, period and so on).

            - Intents: the mean of {IntentMembers} multinomial logistic regressions over hashed words, word pairs, character n-grams and slot-replaced sequences, with
              temperature scaling on the development part.
            - Slots: the mean of {SlotMembers} averaged structured perceptrons with feature dropout and first-order Viterbi decoding; values are read by typed parsers.
            - Language: British English. Currency without a name: pounds.
            - Trained on {manifest.TrainingExamples} utterances expanded from {corpus.Sources} lines written for this purpose (`src/Assistant.Bot/Understanding/Corpus`); no customer's words.
            - Corpus fingerprint `{manifest.CorpusFingerprint}`, seed {manifest.Seed}. The same corpus and seed give the same files.
            - Below a probability of {manifest.AcceptAbove} the assistant asks which of two things is meant; below {manifest.UnsureAbove} it says that it did not understand. The first threshold is the highest at which at
              most {MostTurnedAway:P0} of the in-scope utterances of the development part are turned away.

            ## Held out

            Utterances written before most of the training part, never trained on and never looked at for their mistakes; those that already stood in the
            training part word for word were left out. They come from the same authors, so real customers' words will do worse. "Turned away" means read as
            out of scope or below the first threshold. Slots are counted where the intent is one the assistant acts on.

            | figure | value |
            |---|---|

            """);
        if (model.HeldOut is { } figures)
        {
            card.Append(CultureInfo.InvariantCulture, $"""
                | utterances | {figures.Utterances} |
                | intent accuracy | {figures.IntentAccuracy:F4} |
                | intent macro F1 | {figures.IntentMacroF1:F4} |
                | slot F1 (exact place and label) | {figures.SlotF1:F4} |
                | out of scope turned away | {figures.OutOfScopeRejected:F4} |
                | in scope turned away (lower is better) | {figures.InScopeRejected:F4} |

                ## By intent

                | intent | held out | F1 |
                |---|---|---|

                """);
            foreach (var (intent, count, f1) in EvaluateModel.ByIntent(model, corpus.HeldOut))
            {
                card.Append(CultureInfo.InvariantCulture, $"| {intent} | {count} | {f1:F3} |\n");
            }
        }

        card.Append("""

            ## Limits

            It decides no payment: whatever it reads is checked by the gate and the bank, and the customer approves the exact payment.
            It does not read other languages, and it sees one message at a time; the dialogue around it decides what a bare "60" means.

            """);
        return card.ToString().Replace("\r", "", StringComparison.Ordinal);
    }
}

/// <summary>A model fresh from training, with the bytes of its files.</summary>
internal sealed record TrainedModel(UnderstandingModel Model, byte[] Intents, byte[] Slots);
