namespace Fraud.Model;

/// <summary>How one scenario fared.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Payments">Fraudulent payments.</param>
/// <param name="PaymentRecall">Share of them held.</param>
/// <param name="Episodes">Frauds (each of one or several payments).</param>
/// <param name="EpisodeRecall">Share of them of which at least one payment was held.</param>
/// <param name="StrongFactorRecall">Share of the payments that would ask for the stronger factor.</param>
public sealed record ScenarioResult(
    FraudScenario Scenario, int Payments, double PaymentRecall, int Episodes, double EpisodeRecall, double StrongFactorRecall);

/// <summary>A model measured on simulated banks it has not seen.</summary>
/// <param name="Seeds">The banks.</param>
/// <param name="Payments">Payments scored.</param>
/// <param name="Frauds">Fraudulent ones among them.</param>
/// <param name="Ranking">Threshold-free figures.</param>
/// <param name="OrdinaryHoldRate">Share of ordinary payments held.</param>
/// <param name="OrdinaryStrongFactorRate">Share of ordinary payments asking for the stronger factor (held ones included).</param>
/// <param name="HoldPrecision">Share of frauds among held payments, at the simulator's (high) fraud rate.</param>
/// <param name="Scenarios">Per scenario, at the hold threshold.</param>
public sealed record ModelEvaluation(
    IReadOnlyList<long> Seeds,
    int Payments,
    int Frauds,
    RankingMetrics Ranking,
    double OrdinaryHoldRate,
    double OrdinaryStrongFactorRate,
    double HoldPrecision,
    IReadOnlyList<ScenarioResult> Scenarios)
{
    /// <summary>Simulates the banks, scores every payment and pools the results.</summary>
    public static ModelEvaluation Run(FraudModel model, SimulationOptions shape, IReadOnlyList<long> seeds, Action? onBankDone = null)
    {
        var scores = new List<double>();
        var scenarios = new List<FraudScenario>();
        var episodes = new List<(long Seed, int Episode)>();
        foreach (var seed in seeds)
        {
            var bank = HistoryReplay.Run(new BankSimulator(shape with { Seed = seed }).Run());
            var bankScores = new double[bank.Features.RowCount];
            Parallel.For(0, bankScores.Length, i => bankScores[i] = model.ScoreOnly(bank.Features[i]));
            scores.AddRange(bankScores);
            scenarios.AddRange(bank.Scenarios);
            episodes.AddRange(bank.Episodes.Select(episode => (seed, episode)));
            onBankDone?.Invoke();
        }

        return Of(model, seeds, scores, scenarios, episodes);
    }

    private static ModelEvaluation Of(
        FraudModel model, IReadOnlyList<long> seeds, List<double> scores, List<FraudScenario> scenarios, List<(long Seed, int Episode)> episodes)
    {
        var frauds = scenarios.ConvertAll(scenario => scenario != FraudScenario.None);
        var held = scores.ConvertAll(score => score >= model.HoldThreshold);
        var strong = scores.ConvertAll(score => score >= model.StrongFactorThreshold);
        var rows = Enumerable.Range(0, scores.Count).ToArray();
        var ordinary = rows.Where(i => !frauds[i]).ToArray();
        var results = rows.Where(i => frauds[i]).GroupBy(i => scenarios[i]).OrderBy(group => group.Key).Select(group =>
        {
            var byEpisode = group.GroupBy(i => episodes[i]).ToArray();
            return new ScenarioResult(
                group.Key,
                group.Count(),
                Share(group, held),
                byEpisode.Length,
                byEpisode.Count(episode => episode.Any(i => held[i])) / (double)byEpisode.Length,
                Share(group, strong));
        });

        return new ModelEvaluation(
            seeds,
            scores.Count,
            frauds.Count(fraud => fraud),
            RankingMetrics.Of(scores, frauds),
            Share(ordinary, held),
            Share(ordinary, strong),
            Share(rows.Where(i => held[i]), frauds),
            [.. results]);
    }

    private static double Share(IEnumerable<int> rows, List<bool> flags)
    {
        var total = 0;
        var hits = 0;
        foreach (var row in rows)
        {
            total++;
            if (flags[row])
                hits++;
        }

        return total == 0 ? 0 : hits / (double)total;
    }
}
