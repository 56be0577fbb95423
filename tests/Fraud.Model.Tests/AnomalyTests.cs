using FsCheck;
using FsCheck.Fluent;

namespace Fraud.Model.Tests;

public sealed class AnomalyTests
{
    /// <summary>c(256) and c(2) as in Liu, Ting and Zhou (2008); c(256) = 2 (ln 255 + gamma) - 2 * 255 / 256.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(256, 10.24477)]
    public void MeanPathLength_ForKnownSizes_IsThePapersValue(int n, double expected)
        => Assert.Equal(expected, IsolationForest.MeanPathLength(n), 4);

    [Fact]
    public void Score_OfAPointFarFromTheCrowd_IsAboveThatOfItsCentre()
    {
        var forest = Fit(Cloud(2000, 3));

        Assert.True(forest.Score([0, 0, 0]) < 0.5);
        Assert.True(forest.Score([6, 6, 6]) > 0.7);
    }

    [Fact]
    public void Fit_WithTheSameSeed_GivesTheSameTreesWhateverTheCores()
    {
        var rows = Cloud(1500, 4);
        var first = Fit(rows);
        var second = Fit(rows);

        Assert.Equal(first.Transform(rows), second.Transform(rows));
        for (var t = 0; t < first.TreeCount; t++)
        {
            Assert.Equal(first.Trees[t].Features, second.Trees[t].Features);
            Assert.Equal(first.Trees[t].Thresholds, second.Trees[t].Thresholds);
        }

        var other = new IsolationForestTrainer(new IsolationForestOptions { TreeCount = 50, SubsampleSize = 256, Seed = 2 }).Fit(rows);
        Assert.NotEqual(first.Transform(rows), other.Transform(rows));
    }

    [Fact]
    public void Explain_ForAnyRow_AddsUpToTheDistanceFromTheTypicalScore()
    {
        var rows = Cloud(1500, 4);
        var forest = Fit(rows);
        double typicalPath = forest.Trees.Average(tree => (double)tree.Values[0]);
        var typical = -typicalPath / IsolationForest.MeanPathLength(forest.SubsampleSize);
        var credits = new double[4];
        for (var i = 0; i < rows.RowCount; i++)
        {
            var score = forest.Explain(rows[i], credits);
            Assert.Equal(forest.Score(rows[i]), score);
            Assert.Equal(Math.Log2(score) - typical, credits.Sum(), 5);
        }
    }

    [Fact]
    public void Explain_WhenOneFeatureStandsOut_CreditsThatFeature()
    {
        var credits = new double[4];
        Fit(Cloud(1500, 4)).Explain([0, 0, 8, 0], credits);

        Assert.Equal(2, Array.IndexOf(credits, credits.Max()));
    }

    [Fact]
    public void Fit_WhenRowsAreAllEqual_ScoresThemAlike()
    {
        var forest = Fit(new FeatureTable(2, new float[400]));

        Assert.Equal(forest.Score([0, 0]), forest.Score([5, 5]));
        Assert.InRange(forest.Score([0, 0]), 0.49, 0.51);
    }

    [Fact]
    public void FeatureTable_WhenAValueIsNotFinite_NamesItsRow()
        => Assert.Contains("Row 1, feature 0", Assert.Throws<ArgumentException>(() => new FeatureTable(2, new[] { 1, 2, float.NaN, 4 })).Message);

    [Fact]
    public void Fit_WhenThereIsOneRow_IsRefused()
        => Assert.Throws<ArgumentException>(() => Fit(new FeatureTable(2, new float[] { 1, 2 })));

    [Fact]
    public void Apply_OnHeldOutScores_IsTheirPercentile()
    {
        var random = new DeterministicRandom(8);
        var sample = Enumerable.Range(0, 50_000).Select(_ => 0.3 + 0.4 * random.NextDouble()).ToArray();
        var calibration = ScoreCalibration.Fit(sample);

        foreach (var share in (double[])[0.01, 0.25, 0.5, 0.9, 0.99, 0.999])
            Assert.Equal(share, calibration.Apply(0.3 + 0.4 * share), 2);
    }

    [Fact]
    public void Apply_ForAnySample_IncreasesStrictlyWithinZeroAndOne()
        => Check.QuickThrowOnFailure(Prop.ForAll<byte[]>(bytes =>
        {
            // Few distinct values make ties likely.
            var calibration = ScoreCalibration.Fit([0.5, .. bytes.Select(value => 0.3 + value % 40 / 100.0)]);
            var raw = Enumerable.Range(1, 999).Select(i => i / 1000.0).ToArray();
            var calibrated = raw.Select(calibration.Apply).ToArray();
            return calibrated.All(value => value is > 0 and < 1) && calibrated.Zip(calibrated.Skip(1)).All(pair => pair.First < pair.Second);
        }));

    [Fact]
    public void RankingMetrics_OnASmallExample_AreThoseComputedByHand()
    {
        // Ranks from the top: fraud, ordinary, fraud, ordinary. Concordant pairs 3 of 4; precision 1 at the first fraud, 2/3 at the second.
        var metrics = RankingMetrics.Of([0.9, 0.8, 0.7, 0.1], [true, false, true, false]);

        Assert.Equal(0.75, metrics.AucRoc, 10);
        Assert.Equal((1 + 2.0 / 3) / 2, metrics.AveragePrecision, 10);
        Assert.Equal(0.5, RankingMetrics.Of([0.5, 0.5, 0.5], [true, false, false]).AucRoc, 10);
        Assert.True(double.IsNaN(RankingMetrics.Of([0.5], [false]).AucRoc));
    }

    private static IsolationForest Fit(FeatureTable rows)
        => new IsolationForestTrainer(new IsolationForestOptions { TreeCount = 50, SubsampleSize = 256, Seed = 1 }).Fit(rows);

    private static FeatureTable Cloud(int rows, int features)
    {
        var random = new DeterministicRandom(17);
        return new FeatureTable(features, Enumerable.Range(0, rows * features).Select(_ => (float)random.NextNormal()).ToArray());
    }
}
