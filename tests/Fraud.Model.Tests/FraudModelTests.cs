namespace Fraud.Model.Tests;

public sealed class FraudModelTests
{
    private readonly FraudModel _model = ModelRegistry.LoadChampion(Scenes.Models).Model!;

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Score_WhenAFeatureIsNotFinite_IsTheHighestRisk(float bad)
    {
        var features = Scenes.Features(Scenes.Ordinary);
        features[7] = bad;

        Assert.Equal(1, _model.ScoreOnly(features));
        var score = _model.Score(features);
        Assert.Equal(1, score.Score);
        Assert.Equal(FraudReasonCode.NotScorable, Assert.Single(score.Reasons).Code);
    }

    [Fact]
    public void Score_WhenLengthIsWrong_Throws()
    {
        Assert.Throws<ArgumentException>(() => _model.Score(new float[3]));
        Assert.Throws<ArgumentException>(() => _model.ScoreOnly(new float[FraudFeatures.Count + 1]));
    }

    [Fact]
    public void Score_ForManyPayments_AgreesWithScoreOnlyAndGivesOrderedReasonsInTheRiskyDirection()
    {
        var bank = HistoryReplay.Run(new BankSimulator(new SimulationOptions { Seed = 77, Customers = 100, Days = 60 }).Run());
        for (var i = 0; i < bank.Features.RowCount; i++)
        {
            var row = bank.Features[i];
            var score = _model.Score(row);
            Assert.Equal(_model.ScoreOnly(row), score.Score);
            Assert.InRange(score.Score, 0, 1);
            Assert.True(score.Reasons.Count <= FraudModel.MaxReasons);
            var last = double.MaxValue;
            foreach (var reason in score.Reasons)
            {
                Assert.InRange(reason.Contribution, FraudModel.MinContribution, last);
                last = reason.Contribution;
                var risky = false;
                for (var f = 0; f < row.Length; f++)
                    risky |= FraudFeatures.ReasonOf(f) == reason.Code && row[f] > _model.Typical[f];
                Assert.True(risky, $"{reason.Code} is given although nothing deviates that way.");
            }

            if (score.Score >= _model.HoldThreshold)
                Assert.NotEmpty(score.Reasons);
        }
    }

    [Fact]
    public async Task Score_FromManyThreads_IsTheSame()
    {
        var features = Scenes.Features(Scenes.Ordinary with { AmountMinor = 900_00 });
        var expected = _model.Score(features);
        var scores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 200).Select(_ => _model.Score(features)).ToArray())));

        Assert.All(scores.SelectMany(score => score), score =>
        {
            Assert.Equal(expected.Score, score.Score);
            Assert.Equal(expected.Reasons, score.Reasons);
        });
    }

    [Fact]
    public void Score_OfFacts_IsThatOfTheirFeatures()
    {
        var facts = Scenes.Ordinary with { AmountMinor = 700_00 };
        var direct = _model.Score(facts, Scenes.Household(), Scenes.Friend());

        Assert.Equal(_model.ScoreOnly(Scenes.Features(facts)), direct.Score);
    }

    [Fact]
    public void ScoreOnly_AllocatesNothing()
    {
        var features = Scenes.Features(Scenes.Ordinary);
        for (var i = 0; i < 200; i++)
            _model.ScoreOnly(features);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            _model.ScoreOnly(features);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Texts_ForEveryReason_ExistAndTellCustomersNoFigures()
    {
        foreach (var code in Enum.GetValues<FraudReasonCode>())
        {
            Assert.NotEmpty(code.AnalystText);
            Assert.NotEmpty(code.CustomerText);
            Assert.DoesNotContain(code.CustomerText, char.IsAsciiDigit);
        }
    }
}
