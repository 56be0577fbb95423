using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Tests.Understanding;

public sealed class UnderstandingModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("understanding").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Evaluate_OnHeldOutPart_GivesTheFiguresOfTheCard()
    {
        var corpus = Corpus.Load(ShippedModel.CorpusFolder);
        Assert.Equal(corpus.Fingerprint, ShippedModel.Model.Manifest.CorpusFingerprint);
        var figures = EvaluateModel.Figures(ShippedModel.Model, corpus.HeldOut);
        Assert.Equal(ShippedModel.Model.HeldOut, figures);
        Assert.True(figures.IntentAccuracy >= 0.92, $"{figures}");
        Assert.True(figures.SlotF1 >= 0.91, $"{figures}");
        Assert.True(figures.OutOfScopeRejected >= 0.88, $"{figures}");
        Assert.True(figures.InScopeRejected <= 0.05, $"{figures}");
        var card = File.ReadAllText(Path.Combine(ShippedModel.Registry, ShippedModel.Model.Version, "card.md"));
        Assert.Contains(FormattableString.Invariant($"| intent accuracy | {figures.IntentAccuracy:F4} |"), card, StringComparison.Ordinal);
    }

    [Fact]
    public void Corpus_TrainingPart_HoldsNoMeasuredUtterance()
    {
        var corpus = Corpus.Load(ShippedModel.CorpusFolder);
        var training = corpus.Expand(1).Select(example => example.Text).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.Empty(corpus.HeldOut.Concat(corpus.Development).Where(example => training.Contains(example.Text)).Select(example => example.Text));
    }

    [Fact]
    public void Fit_TwiceOnTheSameCorpusAndSeed_GivesTheSameFiles()
    {
        var corpus = SmallCorpus();
        var first = TrainModel.Fit(corpus, "test", seed: 7, cancellationToken: TestContext.Current.CancellationToken);
        var second = TrainModel.Fit(corpus, "test", seed: 7, cancellationToken: TestContext.Current.CancellationToken);
        var other = TrainModel.Fit(corpus, "test", seed: 8, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(first.Intents, second.Intents);
        Assert.Equal(first.Slots, second.Slots);
        Assert.NotEqual(first.Intents, other.Intents);
    }

    [Fact]
    public void Load_OfAWrittenModel_ReadsTheSameAsTheTrainedOne()
    {
        var corpus = SmallCorpus();
        var trained = TrainModel.Fit(corpus, "test", seed: 7, cancellationToken: TestContext.Current.CancellationToken);
        TrainModel.Write(trained, corpus, Path.Combine(_folder, "test"));
        var loaded = UnderstandingModel.Load(Path.Combine(_folder, "test"));
        foreach (var example in corpus.Expand(9))
        {
            Assert.Equal(trained.Model.Analyse(example.Text).Scores, loaded.Analyse(example.Text).Scores);
        }
    }

    [Fact]
    public void Load_OfDamagedFiles_NamesTheFault()
    {
        var model = Path.Combine(_folder, "model");
        CopyShipped(model);
        var file = Path.Combine(model, "intents.bin");
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal(ModelFault.HashMismatch, Assert.Throws<ModelLoadException>(() => UnderstandingModel.Load(model)).Fault);

        File.Delete(file);
        Assert.Equal(ModelFault.Missing, Assert.Throws<ModelLoadException>(() => UnderstandingModel.Load(model)).Fault);

        File.WriteAllText(Path.Combine(model, "manifest.json"), "{");
        Assert.Equal(ModelFault.ManifestMalformed, Assert.Throws<ModelLoadException>(() => UnderstandingModel.Load(model)).Fault);

        File.WriteAllText(Path.Combine(model, "manifest.json"), """{"format":99,"version":"x"}""");
        Assert.Equal(ModelFault.FormatUnknown, Assert.Throws<ModelLoadException>(() => UnderstandingModel.Load(model)).Fault);

        File.WriteAllText(Path.Combine(_folder, "champion.json"), """{"version":"../../etc"}""");
        Assert.Equal(ModelFault.ManifestMalformed, Assert.Throws<ModelLoadException>(() => UnderstandingModel.LoadChampion(_folder)).Fault);
    }

    [Fact]
    public void Load_OfManyMutatedFilesWithMatchingHashes_LoadsOrRefusesByName()
    {
        var model = Path.Combine(_folder, "model");
        CopyShipped(model);
        var original = File.ReadAllBytes(Path.Combine(model, "slots.bin"));
        var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "manifest.json")))!;
        var random = new Random(20261120);
        var refused = 0;
        for (var i = 0; i < 60; i++)
        {
            var bytes = (byte[])original.Clone();
            if (i % 3 == 0)
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }
            else
            {
                // The head holds every length and label, so most mutations belong there.
                for (var n = 0; n <= i % 5; n++)
                {
                    bytes[i % 3 == 1 ? random.Next(300) : random.Next(bytes.Length)] = (byte)random.Next(256);
                }
            }

            manifest["sha256"]!["slots.bin"] = Convert.ToHexStringLower(SHA256.HashData(bytes));
            File.WriteAllBytes(Path.Combine(model, "slots.bin"), bytes);
            File.WriteAllText(Path.Combine(model, "manifest.json"), manifest.ToJsonString());
            try
            {
                UnderstandingModel.Load(model).Understand("pay Maya £60 from savings", new DateOnly(2026, 11, 20));
            }
            catch (ModelLoadException e)
            {
                Assert.Equal(ModelFault.ContentMalformed, e.Fault);
                refused++;
            }
        }

        Assert.True(refused >= 20, $"Only {refused} were refused.");
    }

    [Fact]
    public void Understand_OfAnythingTyped_NeverFails()
    {
        var random = new Random(42);
        const string Alphabet = "abc £€$09,.-'’\"\n\t()[]{}<>éüß漢字🙂GB29NWBK pay to maya 60 ";
        for (var i = 0; i < 500; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(200)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            var utterance = ShippedModel.Model.Understand(text, new DateOnly(2026, 11, 20));
            Assert.InRange(utterance.Confidence, 0, 1.0001);
            Assert.All(utterance.Slots, slot => Assert.Equal(slot.Text, text.Substring(slot.Start, slot.Length)));
        }

        ShippedModel.Model.Understand(new string('x', 100_000), new DateOnly(2026, 11, 20));
    }

    [Fact]
    public void Load_OfABrokenCorpus_NamesFileAndLine()
    {
        File.WriteAllText(Path.Combine(_folder, "greeting.md"), "# greeting\n\n## Greetings\n- hi\n");
        Assert.Contains("greeting.md:3", Assert.Throws<CorpusException>(() => Corpus.Load(_folder)).Message, StringComparison.Ordinal);
        Assert.Throws<CorpusException>(() => Corpus.Load(Path.Combine(_folder, "none")));
    }

    private Corpus SmallCorpus()
    {
        var folder = Path.Combine(_folder, "corpus");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "_lists.md"), "## payee\n- Maya, Tom\n## amount\n- £5, ten pounds\n## lead\n- hi\n## tail\n- please\n");
        File.WriteAllText(Path.Combine(folder, "pay_payee.md"), "# pay\n## Templates x20 polite\n- pay {payee} {amount}\n- send {amount} to {payee}\n## Held out\n- give [Tom](payee) [£7](amount)\n");
        File.WriteAllText(Path.Combine(folder, "balance.md"), "# balance\n## Utterances x5\n- what's my balance\n- how much have I got\n## Held out\n- balance please\n");
        return Corpus.Load(folder);
    }

    private static void CopyShipped(string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(Path.Combine(ShippedModel.Registry, ShippedModel.Model.Version)))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
