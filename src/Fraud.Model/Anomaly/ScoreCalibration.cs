namespace Fraud.Model;

/// <summary>
/// Maps a raw anomaly score to the share of ordinary payments that score lower, by the empirical distribution of held-out ordinary payments,
/// interpolated linearly between knots. Strictly increasing, so it changes no ranking. Beyond the most unusual ordinary payment seen (rank n
/// of n, share n / (n + 1)) the rest of the way to 1 is shared out in proportion to the raw score.
/// </summary>
public sealed class ScoreCalibration
{
    private readonly double[] _scores;
    private readonly double[] _shares;

    internal ScoreCalibration(double[] scores, double[] shares)
    {
        _scores = scores;
        _shares = shares;
    }

    internal ReadOnlySpan<double> Scores => _scores;

    internal ReadOnlySpan<double> Shares => _shares;

    /// <summary>Fits to the raw scores of ordinary payments that were not used to fit the forest.</summary>
    public static ScoreCalibration Fit(IReadOnlyCollection<double> ordinary, int knots = 512)
    {
        if (ordinary.Count == 0)
            throw new ArgumentException("Calibration needs at least one ordinary payment.", nameof(ordinary));

        var sorted = ordinary.ToArray();
        Array.Sort(sorted);
        var scores = new List<double>();
        var shares = new List<double>();
        // Half the knots spread evenly, half towards the top, each a constant fraction closer to it: decisions are taken there.
        var ranks = new SortedSet<int>();
        for (var i = 0; i <= knots / 2; i++)
        {
            ranks.Add((int)((sorted.Length - 1L) * i / (knots / 2)));
            ranks.Add(sorted.Length - 1 - (int)((sorted.Length - 1) * Math.Pow(sorted.Length, -(double)i / (knots / 2))));
        }

        foreach (var rank in ranks)
        {
            var share = (rank + 1.0) / (sorted.Length + 1.0);
            if (scores.Count > 0 && scores[^1] >= sorted[rank])
                shares[^1] = share;
            else
            {
                scores.Add(sorted[rank]);
                shares.Add(share);
            }
        }

        return new ScoreCalibration([.. scores], [.. shares]);
    }

    /// <summary>The calibrated score.</summary>
    public double Apply(double raw)
    {
        var index = Array.BinarySearch(_scores, raw);
        if (index >= 0)
            return _shares[index];

        var above = ~index;
        if (above == 0)
            return _shares[0] * Math.Max(0, raw) / _scores[0];
        if (above == _scores.Length)
            return 1 - (1 - _shares[^1]) * Math.Max(0, 1 - raw) / (1 - _scores[^1]);

        var fraction = (raw - _scores[above - 1]) / (_scores[above] - _scores[above - 1]);
        return _shares[above - 1] + fraction * (_shares[above] - _shares[above - 1]);
    }
}
