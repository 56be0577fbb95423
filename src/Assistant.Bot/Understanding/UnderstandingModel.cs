using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Assistant.Bot.Planning;
using Assistant.Bot.Understanding.Values;
using Banking.Client;

namespace Assistant.Bot.Understanding;

/// <summary>Why a model folder was refused.</summary>
public enum ModelFault
{
    /// <summary>The folder or one of its files is not there.</summary>
    Missing,

    /// <summary>The manifest or champion file is no valid JSON of the expected form.</summary>
    ManifestMalformed,

    /// <summary>The model was written in a format this build does not read.</summary>
    FormatUnknown,

    /// <summary>A file's SHA-256 is not the one the manifest names.</summary>
    HashMismatch,

    /// <summary>A file's hash is right and its content is not a model.</summary>
    ContentMalformed,
}

/// <summary>A model that cannot be used; <see cref="Fault"/> says why. The assistant does not start on one.</summary>
public sealed class ModelLoadException(ModelFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The reason.</summary>
    public ModelFault Fault { get; } = fault;
}

/// <summary>How sure the model is.</summary>
public enum Certainty
{
    /// <summary>Sure enough to act on.</summary>
    Accepted,

    /// <summary>Two intents are close: ask which.</summary>
    Unsure,

    /// <summary>Nothing fits: say so.</summary>
    Rejected,
}

/// <summary>A slot as found in the text.</summary>
public sealed record FoundSlot(string Slot, string Text, int Start, int Length);

/// <summary>What was made of an utterance.</summary>
/// <param name="Text">The utterance.</param>
/// <param name="Intent">The most likely intent.</param>
/// <param name="Confidence">Its probability.</param>
/// <param name="RunnerUp">The second most likely.</param>
/// <param name="RunnerUpConfidence">Its probability.</param>
/// <param name="Certainty">Three-way verdict by the thresholds of the model's manifest.</param>
/// <param name="Values">Slots in canonical form.</param>
/// <param name="Slots">Slots as written.</param>
/// <param name="Unreadable">Slots that were named and could not be read: an amount that is none, an IBAN with wrong check digits.</param>
public sealed record Utterance(
    string Text,
    string Intent,
    double Confidence,
    string RunnerUp,
    double RunnerUpConfidence,
    Certainty Certainty,
    SlotValues Values,
    IReadOnlyList<FoundSlot> Slots,
    IReadOnlyList<string> Unreadable);

/// <summary>Figures on the held-out part of the corpus. All are shares from 0 to 1.</summary>
/// <param name="Utterances">How many utterances.</param>
/// <param name="IntentAccuracy">Right intent, out_of_scope included.</param>
/// <param name="IntentMacroF1">Mean F1 of the intents.</param>
/// <param name="SlotF1">Micro F1 of slots with exact place and label.</param>
/// <param name="OutOfScopeRejected">Out-of-scope utterances that are not taken for a skill.</param>
/// <param name="InScopeRejected">In-scope utterances that are turned away.</param>
public sealed record HeldOutFigures(int Utterances, double IntentAccuracy, double IntentMacroF1, double SlotF1, double OutOfScopeRejected, double InScopeRejected);

/// <summary>manifest.json of a model folder.</summary>
internal sealed record ModelManifest(
    int Format, string Version, string CorpusFingerprint, int Seed, int TrainingExamples, double AcceptAbove, double UnsureAbove, HeldOutFigures? HeldOut, IReadOnlyDictionary<string, string> Sha256);

/// <summary>
/// The trained models and the typed readers of values behind one method. Immutable; safe for any number of threads.
/// </summary>
public sealed class UnderstandingModel
{
    internal const int Format = 1;
    internal const string IntentFile = "intents.bin";
    internal const string SlotFile = "slots.bin";
    internal static readonly JsonSerializerOptions ManifestJson = new(JsonSerializerDefaults.Web) { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    private readonly IntentModel _intents;
    private readonly SlotTagger _slots;
    private readonly ModelManifest _manifest;

    internal UnderstandingModel(IntentModel intents, SlotTagger slots, ModelManifest manifest) => (_intents, _slots, _manifest) = (intents, slots, manifest);

    /// <summary>The version the turn journal records.</summary>
    public string Version => _manifest.Version;

    /// <summary>The figures of the model's card, or null when it was never evaluated.</summary>
    public HeldOutFigures? HeldOut => _manifest.HeldOut;

    internal ModelManifest Manifest => _manifest;

    /// <summary>Loads the model that <c>champion.json</c> in <paramref name="registry"/> names.</summary>
    /// <exception cref="ModelLoadException">It cannot be used.</exception>
    public static UnderstandingModel LoadChampion(string registry)
    {
        var champion = Parse<Champion>(Path.Combine(registry, "champion.json"));
        return champion.Version is { Length: > 0 } version && version.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-') && !version.Contains("..", StringComparison.Ordinal)
            ? Load(Path.Combine(registry, version))
            : throw new ModelLoadException(ModelFault.ManifestMalformed, $"'{registry}/champion.json' names no version.");
    }

    /// <summary>Loads a model folder after checking every file against the manifest.</summary>
    /// <exception cref="ModelLoadException">It cannot be used.</exception>
    public static UnderstandingModel Load(string folder)
    {
        var manifest = Parse<ModelManifest>(Path.Combine(folder, "manifest.json"));
        if (manifest.Format != Format)
        {
            throw new ModelLoadException(ModelFault.FormatUnknown, $"'{folder}' has format {manifest.Format}; this build reads {Format}.");
        }

        if (manifest.Sha256 is null || manifest.Version is null)
        {
            throw new ModelLoadException(ModelFault.ManifestMalformed, $"The manifest of '{folder}' names no files or no version.");
        }

        byte[] Verified(string name)
        {
            var bytes = ReadFile(Path.Combine(folder, name));
            return manifest.Sha256.TryGetValue(name, out var expected) && string.Equals(expected, Convert.ToHexStringLower(SHA256.HashData(bytes)), StringComparison.Ordinal)
                ? bytes
                : throw new ModelLoadException(ModelFault.HashMismatch, $"'{name}' in '{folder}' is not the file its manifest describes.");
        }

        var intents = ReadTable(Verified(IntentFile), rows: Features.IntentBuckets, extraRows: false, IntentFile);
        var slots = ReadTable(Verified(SlotFile), rows: Features.SlotBuckets, extraRows: true, SlotFile);
        return new UnderstandingModel(new IntentModel(intents.Labels, intents.Weights), new SlotTagger(slots.Labels, slots.Weights, slots.Transitions), manifest);
    }

    /// <summary>
    /// Reads an utterance. <paramref name="today"/> is the day in the bank's time zone, against which "last month" is meant.
    /// </summary>
    public Utterance Understand(string text, DateOnly today)
    {
        var (slots, scores) = Analyse(text);
        var top = 0;
        var second = 1;
        for (var i = 1; i < scores.Length; i++)
        {
            if (scores[i] > scores[top])
            {
                second = top;
                top = i;
            }
            else if (i == 1 || scores[i] > scores[second])
            {
                second = i;
            }
        }

        var certainty = scores[top] >= _manifest.AcceptAbove ? Certainty.Accepted : scores[top] >= _manifest.UnsureAbove ? Certainty.Unsure : Certainty.Rejected;
        var (values, unreadable) = ReadValues(slots, today);
        return new Utterance(text, _intents.Labels[top], scores[top], _intents.Labels[second], scores[second], certainty, values, slots, unreadable);
    }

    internal (IReadOnlyList<FoundSlot> Slots, float[] Scores) Analyse(string text)
    {
        var tokens = Tokenizer.Tokenize(text);
        var labels = _slots.Tag(tokens);
        var scores = _intents.Predict(Features.OfUtterance(tokens, SlotOf(labels)));
        var top = TensorPrimitives.IndexOfMax(scores);
        // What is not for the assistant at all holds no values for it either, whatever is named in it.
        var turnedAway = scores[top] >= _manifest.AcceptAbove && IsTurnedAway(_intents.Labels[top]);
        return (turnedAway ? [] : Spans(text, tokens, labels), scores);
    }

    /// <summary>Intents whose slots mean nothing.</summary>
    internal static bool IsTurnedAway(string intent) => intent is IntentNames.OutOfScope or IntentNames.UnsupportedBanking;

    internal IReadOnlyList<string> IntentLabels => _intents.Labels;

    internal static string?[] SlotOf(string[] labels) => [.. labels.Select(label => label == "O" ? null : label[2..])];

    internal static byte[] WriteIntents(IntentModel model) => WriteTable(model.Labels, model.Weights, []);

    internal static byte[] WriteSlots(SlotTagger tagger) => WriteTable(tagger.Labels, tagger.Weights, tagger.Transitions);

    private static List<FoundSlot> Spans(string text, IReadOnlyList<Token> tokens, string[] labels)
    {
        var spans = new List<FoundSlot>();
        for (var i = 0; i < tokens.Count; i++)
        {
            if (labels[i] == "O")
            {
                continue;
            }

            var last = i;
            while (last + 1 < tokens.Count && labels[last + 1][0] == 'I')
            {
                last++;
            }

            // A minus sign belongs to its number whatever the tagger thinks: an amount must never lose it.
            var start = labels[i] == "B-amount" && i > 0 && tokens[i - 1].Norm is "-" or "−" && tokens[i - 1].End == tokens[i].Start ? tokens[i - 1].Start : tokens[i].Start;
            spans.Add(new FoundSlot(labels[i][2..], text[start..tokens[last].End], start, tokens[last].End - start));
            i = last;
        }

        return spans;
    }

    private static (SlotValues Values, IReadOnlyList<string> Unreadable) ReadValues(IReadOnlyList<FoundSlot> slots, DateOnly today)
    {
        var values = SlotValues.None;
        var unreadable = new List<string>();
        foreach (var (slot, text, _, _) in slots)
        {
            switch (slot)
            {
                case SlotNames.Amount when values.Amount is null:
                    if (AmountParser.TryParse(text, out var amount))
                    {
                        values = values with { Amount = amount.Amount, Currency = amount.Currency };
                    }
                    else
                    {
                        unreadable.Add(slot);
                    }

                    break;
                case SlotNames.Payee: values = values with { Payee = values.Payee ?? text }; break;
                case SlotNames.Account: values = values with { Account = values.Account ?? text }; break;
                case SlotNames.ToAccount: values = values with { ToAccount = values.ToAccount ?? text }; break;
                case SlotNames.Reference: values = values with { Reference = values.Reference ?? text.Trim('"', '\'', '“', '”', ' ') }; break;
                case SlotNames.Merchant: values = values with { Merchant = values.Merchant ?? text }; break;
                case SlotNames.Category:
                    // What the bank has no category for is searched for as text.
                    values = SpendingCategories.Find(text) is { } category ? values with { Category = category } : values with { Merchant = values.Merchant ?? text };
                    break;
                case SlotNames.Period:
                    if (PeriodParser.TryParse(text, today, out var period))
                    {
                        values = values with { From = period.From, To = period.To, Period = period.Words };
                    }
                    else
                    {
                        unreadable.Add(slot);
                    }

                    break;
                case SlotNames.Count:
                    if (AmountParser.TryParse(text, out var count) && count.Amount.EndsWith(".00", StringComparison.Ordinal) && int.TryParse(count.Amount.AsSpan(0, count.Amount.Length - 3), out var n) && n > 0)
                    {
                        values = values with { Count = n };
                    }

                    break;
                case SlotNames.Iban:
                    if (Iban.TryNormalize(text, out var iban))
                    {
                        values = values with { Iban = iban };
                    }
                    else
                    {
                        unreadable.Add(slot);
                    }

                    break;
            }
        }

        return (values, unreadable);
    }

    private static T Parse<T>(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(ReadFile(file), ManifestJson) ?? throw new JsonException("It is null.");
        }
        catch (JsonException e)
        {
            throw new ModelLoadException(ModelFault.ManifestMalformed, $"'{file}' cannot be read: {e.Message}", e);
        }
    }

    private static byte[] ReadFile(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelLoadException(ModelFault.Missing, $"'{file}' cannot be read: {e.Message}", e);
        }
    }

    // Layout, little-endian: "SBU1", int32 labels, each label as int32 length and UTF-8, int32 rows, rows x labels halves,
    // int32 transition rows (0 for intents), transition rows x labels halves.
    private static byte[] WriteTable(IReadOnlyList<string> labels, float[] weights, float[] transitions)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("SBU1"u8);
        writer.Write(labels.Count);
        foreach (var label in labels)
        {
            var bytes = Encoding.UTF8.GetBytes(label);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }

        foreach (var table in (float[][])[weights, transitions])
        {
            writer.Write(table.Length / labels.Count);
            foreach (var weight in table)
            {
                writer.Write((Half)weight);
            }
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads a table. Every length is checked against the bytes there are before anything is allocated by it.</summary>
    internal static (string[] Labels, float[] Weights, float[] Transitions) ReadTable(ReadOnlySpan<byte> bytes, int rows, bool extraRows, string name)
    {
        var rest = bytes;
        if (!rest.StartsWith("SBU1"u8))
        {
            throw Malformed("does not start with its signature");
        }

        rest = rest[4..];
        var count = Int(ref rest);
        if (count is < 2 or > 256)
        {
            throw Malformed($"has {count} labels");
        }

        var labels = new string[count];
        for (var i = 0; i < count; i++)
        {
            var length = Int(ref rest);
            if (length is < 1 or > 64 || rest.Length < length || !System.Text.Unicode.Utf8.IsValid(rest[..length]))
            {
                throw Malformed("has a label that is none");
            }

            labels[i] = Encoding.UTF8.GetString(rest[..length]);
            if (extraRows ? labels[i] != "O" && !(labels[i].Length > 2 && labels[i][0] is 'B' or 'I' && labels[i][1] == '-') : labels[i] == "O")
            {
                throw Malformed("has a label of another model");
            }

            rest = rest[length..];
        }

        // Decoding needs a way out of every state.
        if (labels.Distinct(StringComparer.Ordinal).Count() != count || (extraRows && !labels.Contains("O")))
        {
            throw Malformed("lacks a label or has one twice");
        }

        var weights = Table(ref rest, rows);
        var transitions = Table(ref rest, extraRows ? count + 1 : 0);
        return rest.IsEmpty ? (labels, weights, transitions) : throw Malformed("goes on after its end");

        float[] Table(ref ReadOnlySpan<byte> from, int expectedRows)
        {
            var actual = Int(ref from);
            if (actual != expectedRows || from.Length < (long)actual * count * 2)
            {
                throw Malformed($"has {actual} rows of weights, or fewer bytes than they need");
            }

            var table = new float[actual * count];
            for (var i = 0; i < table.Length; i++)
            {
                table[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(from[(2 * i)..]);
                if (!float.IsFinite(table[i]))
                {
                    throw Malformed("has a weight that is not finite");
                }
            }

            from = from[(2 * table.Length)..];
            return table;
        }

        int Int(ref ReadOnlySpan<byte> from)
        {
            if (from.Length < 4)
            {
                throw Malformed("ends early");
            }

            var value = MemoryMarshal.Read<int>(from);
            from = from[4..];
            return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
        }

        ModelLoadException Malformed(string what) => new(ModelFault.ContentMalformed, $"'{name}' {what}.");
    }

    private sealed record Champion(string? Version);
}
