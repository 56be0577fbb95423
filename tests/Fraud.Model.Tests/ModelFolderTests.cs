using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Fraud.Model.Tests;

public sealed class ModelFolderTests : IClassFixture<ModelFolderTests.Trained>, IDisposable
{
    private static readonly FraudTrainingOptions Small = new()
    {
        Version = "small-1",
        Seed = 4,
        Simulation = new SimulationOptions { Customers = 40, Days = 60 },
        Forest = new IsolationForestOptions { TreeCount = 8, SubsampleSize = 64 },
        EvaluationBanks = 1,
    };

    private readonly Trained _trained;
    private readonly string _models = Directory.CreateTempSubdirectory("fraud-models-").FullName;

    public ModelFolderTests(Trained trained)
    {
        _trained = trained;
        ModelWriter.Write(Version, Small, trained.Result, Scenes.Noon);
        ModelWriter.WriteChampion(Version);
    }

    private string Version => Path.Combine(_models, Small.Version);

    public void Dispose() => Directory.Delete(_models, recursive: true);

    [Fact]
    public void Load_OfWhatWasWritten_ScoresTheSame()
    {
        var loaded = FraudModel.Load(Version);

        Assert.Null(loaded.Detail);
        Assert.NotNull(loaded.Model);
        Assert.Equal("small-1", loaded.Model.Version);
        Assert.Equal(_trained.Result.Model.HoldThreshold, loaded.Model.HoldThreshold);
        Assert.Equal(_trained.Result.Model.StrongFactorThreshold, loaded.Model.StrongFactorThreshold);
        var features = Scenes.Features(Scenes.Ordinary);
        Assert.Equal(_trained.Result.Model.ScoreOnly(features), loaded.Model.ScoreOnly(features));
        Assert.Equal(_trained.Result.Model.Score(features).Reasons, loaded.Model.Score(features).Reasons);
    }

    [Fact]
    public void Fit_Twice_GivesTheSameBytes()
    {
        var again = new FraudModelTrainer(Small).Fit();

        Assert.Equal(SHA256.HashData(ModelFile.Write(_trained.Result.Model)), SHA256.HashData(ModelFile.Write(again.Model)));
        Assert.Equal(_trained.Result.DataFingerprint, again.DataFingerprint);
        Assert.Equal(_trained.Result.Evaluation.Ranking, again.Evaluation.Ranking);
    }

    [Theory]
    [InlineData("model.bin")]
    [InlineData("card.md")]
    [InlineData("metrics.json")]
    public void Load_WhenAFileWasTamperedWith_NamesIt(string name)
    {
        var path = Path.Combine(Version, name);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);

        AssertFailure(FraudModelLoadFailure.HashMismatch, name, FraudModel.Load(Version));
    }

    [Theory]
    [InlineData("model.bin")]
    [InlineData("card.md")]
    [InlineData("manifest.json")]
    public void Load_WhenAFileIsMissing_SaysSo(string name)
    {
        File.Delete(Path.Combine(Version, name));

        AssertFailure(FraudModelLoadFailure.NotFound, name, FraudModel.Load(Version));
    }

    [Fact]
    public void Load_WhenThereIsNoFolder_IsNotFound()
        => AssertFailure(FraudModelLoadFailure.NotFound, "nowhere", FraudModel.Load(Path.Combine(_models, "nowhere")));

    [Fact]
    public void LoadChampion_WhenManifestAndModelWereReplacedTogether_IsRefused()
    {
        Assert.NotNull(ModelRegistry.LoadChampion(_models).Model);
        EditManifest(manifest => manifest["seed"] = 99);

        Assert.NotNull(FraudModel.Load(Version).Model);
        AssertFailure(FraudModelLoadFailure.HashMismatch, "manifest.json", ModelRegistry.LoadChampion(_models));
    }

    [Theory]
    [InlineData("""{"version":"../small-1","manifestSha256":"00"}""")]
    [InlineData("""{"version":null,"manifestSha256":"00"}""")]
    [InlineData("null")]
    [InlineData("{")]
    public void LoadChampion_WhenChampionFileMakesNoSense_IsCorrupt(string json)
    {
        File.WriteAllText(Path.Combine(_models, Champion.FileName), json);

        Assert.Equal(FraudModelLoadFailure.Corrupt, ModelRegistry.LoadChampion(_models).Failure);
    }

    [Fact]
    public void Load_WhenFormatIsNewer_IsUnsupported()
    {
        EditManifest(manifest => manifest["formatVersion"] = 2);

        AssertFailure(FraudModelLoadFailure.UnsupportedFormat, "2", FraudModel.Load(Version));
    }

    [Fact]
    public void Load_WhenFeaturesDiffer_IsAMismatch()
    {
        EditManifest(manifest => manifest["features"]![3] = "other");

        Assert.Equal(FraudModelLoadFailure.FeatureMismatch, FraudModel.Load(Version).Failure);
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    public void Load_WhenManifestPointsOutsideItsFolder_IsCorrupt(string name)
    {
        EditManifest(manifest => manifest["files"]![name] = "00");

        Assert.Equal(FraudModelLoadFailure.Corrupt, FraudModel.Load(Version).Failure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"formatVersion":1}""")]
    [InlineData("""{"formatVersion":1,"version":"x","created":"2026-01-01T00:00:00Z","seed":1,"codeVersion":"","dataFingerprint":"","features":[null],"files":{"model.bin":null}}""")]
    public void Load_WhenManifestMakesNoSense_IsRefusedByName(string json)
    {
        File.WriteAllText(Path.Combine(Version, ModelManifest.FileName), json);

        Assert.NotNull(FraudModel.Load(Version).Failure);
    }

    [Fact]
    public void Load_WhenModelFileIsOfAnotherFormat_IsUnsupported()
    {
        var bytes = ModelFile.Write(_trained.Result.Model);
        bytes[4] = 7;

        Assert.Equal(FraudModelLoadFailure.UnsupportedFormat, ModelFile.Read(bytes, null).Failure);
    }

    [Fact]
    public void Load_WhenVersionInsideIsAnother_IsCorrupt()
        => Assert.Equal(FraudModelLoadFailure.Corrupt, ModelFile.Read(ModelFile.Write(_trained.Result.Model), "small-2").Failure);

    /// <summary>Behind the checksum as well, because whoever can write the file can compute one.</summary>
    [Fact]
    public void Read_WhenContentIsMutatedBehindTheChecksum_NeverThrowsAndWhatItLoadsScores()
    {
        var original = ModelFile.Write(_trained.Result.Model)[6..^32];
        var random = new DeterministicRandom(31);
        var features = Scenes.Features(Scenes.Ordinary);
        var refused = 0;
        for (var i = 0; i < 4000; i++)
        {
            var bytes = (byte[])original.Clone();
            // Half the changes go where the structure is: the head and the calibration.
            for (var change = 0; change <= random.Next(3); change++)
                bytes[random.Next(random.Chance(0.5) ? 1200 : bytes.Length)] = (byte)random.Next(256);
            if (random.Chance(0.1))
                bytes = bytes[..random.Next(bytes.Length)];

            var loaded = ModelFile.ReadBody(bytes, null);
            if (loaded.Model is null)
            {
                Assert.NotNull(loaded.Failure);
                refused++;
                continue;
            }

            Assert.InRange(loaded.Model.ScoreOnly(features), 0, 1);
            loaded.Model.Score(features);
        }

        Assert.InRange(refused, 500, 3999);
    }

    [Fact]
    public void Read_WhenBytesAreRandomOrMutatedAnywhere_IsRefused()
    {
        var original = ModelFile.Write(_trained.Result.Model);
        var random = new DeterministicRandom(32);
        for (var i = 0; i < 1000; i++)
        {
            var bytes = (byte[])original.Clone();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 + random.Next(255));
            Assert.NotNull(ModelFile.Read(bytes, null).Failure);
            Assert.NotNull(ModelFile.Read(bytes.AsSpan(0, random.Next(bytes.Length)), null).Failure);
        }
    }

    [Fact]
    public void Write_WhenVersionExists_RefusesAndLeavesItAsItWas()
    {
        Assert.Throws<IOException>(() => ModelWriter.Write(Version, Small, _trained.Result, Scenes.Noon));
        Assert.NotNull(FraudModel.Load(Version).Model);
    }

    private void EditManifest(Action<JsonNode> edit)
    {
        var path = Path.Combine(Version, ModelManifest.FileName);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        edit(manifest);
        File.WriteAllText(path, manifest.ToJsonString());
    }

    private static void AssertFailure(FraudModelLoadFailure failure, string detail, FraudModelLoadResult result)
    {
        Assert.Null(result.Model);
        Assert.Equal(failure, result.Failure);
        Assert.Contains(detail, result.Detail);
    }

    public sealed class Trained
    {
        public FraudTrainingResult Result { get; } = new FraudModelTrainer(Small).Fit();
    }
}
