namespace Fraud.Model;

/// <summary>How well a score ranks frauds above ordinary payments.</summary>
/// <param name="AucRoc">Probability that a fraud scores above an ordinary payment; ties count half.</param>
/// <param name="AveragePrecision">Area under the precision-recall curve as a step function: sum of (R_k - R_(k-1)) P_k over distinct scores.</param>
/// <param name="RecallAtBudget">Share of fraudulent payments among the <see cref="AlertBudget"/> highest scores.</param>
public sealed record RankingMetrics(double AucRoc, double AveragePrecision, double RecallAtBudget)
{
    /// <summary>Share of all payments that can be looked at.</summary>
    public const double AlertBudget = 0.005;

    /// <summary>Computes all figures. Without a fraud or without an ordinary payment they are not defined and come out as NaN.</summary>
    public static RankingMetrics Of(IReadOnlyList<double> scores, IReadOnlyList<bool> frauds)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(frauds.Count, scores.Count);
        var order = Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).ToArray();
        double positives = frauds.Count(fraud => fraud);
        var negatives = scores.Count - positives;
        if (positives == 0 || negatives == 0)
            return new RankingMetrics(double.NaN, double.NaN, double.NaN);

        double concordant = 0;
        double precisionSum = 0;
        double found = 0;
        double alarms = 0;
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            double tiedFrauds = 0;
            while (end < order.Length && scores[order[end]].Equals(scores[order[start]]))
            {
                if (frauds[order[end]])
                    tiedFrauds++;
                end++;
            }

            var tiedOrdinary = end - start - tiedFrauds;
            concordant += tiedOrdinary * (found + tiedFrauds / 2);
            found += tiedFrauds;
            alarms += tiedOrdinary;
            precisionSum += tiedFrauds * found / (found + alarms);
            start = end;
        }

        var budget = (int)Math.Round(order.Length * AlertBudget);
        double caught = order.Take(budget).Count(i => frauds[i]);
        return new RankingMetrics(concordant / (positives * negatives), precisionSum / positives, caught / positives);
    }
}
