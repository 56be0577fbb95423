using System.Globalization;

namespace PaymentsBench;

/// <summary>One load over all its slices.</summary>
internal sealed record LoadFigure(string Name, double PerSecond, double P50, double P99, int Fresh, int Held, int Replayed);

/// <summary>What the run found.</summary>
internal sealed record Figures(
    double Peer,
    double OtherCores,
    IReadOnlyList<LoadFigure> Loads,
    IReadOnlyList<(string Name, double Ratio, double Floor, double Goal)> Ratios,
    IReadOnlyList<(string Name, double Ratio, double Ceiling, double Goal)> Latencies,
    IReadOnlyList<(string Name, double Ratio)> ByProcessor,
    IReadOnlyList<(string Name, long Count)> Correctness,
    bool IsCorrect);

/// <summary>Slices of every load and of the peer in turn, so that all meet the same machine; medians, then ratios.</summary>
internal static class Measurement
{
    private const int WarmUpRoundsMax = 4;

    private static readonly (string Name, int Connections, bool Hot)[] Loads =
        [("32 connections, uniform", 32, false), ("128 connections, uniform", 128, false), ("32 connections, hot", 32, true), ("128 connections, hot", 128, true), ("1 connection", 1, false)];

    public static async Task<Figures> RunAsync(BenchBank bank, BenchOptions options)
    {
        var results = Loads.Select(_ => new List<LoadResult>()).ToArray();
        var peer = new List<double>();
        var peerProcessor = new List<double>();
        var paymentProcessor = Loads.Select(_ => new List<double>()).ToArray();
        var others = new List<double>();
        var function = (One: new List<double>(), Many: new List<double>());

        // Long enough for the runtime to have compiled the hot path for good; until then it competes with itself for the processors.
        Console.WriteLine("Warming up");
        LoadResult? warmed = null;
        for (var round = 0; round < WarmUpRoundsMax && (round == 0 || warmed!.Fresh < options.WarmUpPayments); round++)
        {
            var payments = await bank.PrepareAsync(options.WarmUpPayments, hot: round % 2 == 1, seed: 1_000 + round);
            var result = await HttpLoad.RunAsync(bank, payments, 128, options.WarmUpSeconds);
            Check(result, "warm-up");
            warmed = warmed is null ? result : warmed.With(result);
        }

        await bank.RunPeerAsync(options.Seconds);

        var seed = 2;
        var expected = Math.Clamp(2 * warmed!.PerSecond, 1_000, options.PaymentsPerSecond);
        for (var slice = 0; slice < options.Slices; slice++)
        {
            var idle = bank.Processors;
            var (perSecond, transactions) = await bank.RunPeerAsync(options.Seconds);
            var busy = bank.Processors - idle;
            peer.Add(perSecond);
            peerProcessor.Add((busy.Database + busy.Load) * 1e6 / transactions);
            others.Add(busy.Others / options.Seconds);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"slice {slice + 1}: pgbench {peer[^1]:N0}/s, processor {peerProcessor[^1]:N0} us each; others kept {others[^1]:N1} cores busy"));
            function.One.Add(Quantile(await bank.RunFunctionPeerAsync(1, options.Seconds / 2), 0.5));
            function.Many.Add(Quantile(await bank.RunFunctionPeerAsync(32, options.Seconds / 2), 0.99));
            for (var i = 0; i < Loads.Length; i++)
            {
                var load = Loads[i];
                var payments = await bank.PrepareAsync((int)(expected * options.Seconds), load.Hot, seed++);
                var before = (bank.Processors, Posting: await bank.PostingFunctionAsync());
                var result = await HttpLoad.RunAsync(bank, payments, load.Connections, options.Seconds);
                Check(result, load.Name);
                expected = Math.Clamp(2 * result.PerSecond, expected, options.PaymentsPerSecond);
                results[i].Add(result);
                var after = (bank.Processors, Posting: await bank.PostingFunctionAsync());
                var used = after.Processors - before.Processors;
                var each = 1e6 / Math.Max(1, result.Fresh);
                paymentProcessor[i].Add((used.Api + used.Database + used.Load) * each);
                others.Add(used.Others / result.Seconds);
                var batches = Math.Max(1, after.Posting.Calls - before.Posting.Calls);
                var inFunction = (after.Posting.Calls * after.Posting.MeanMs) - (before.Posting.Calls * before.Posting.MeanMs);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"slice {slice + 1}: {load.Name} {result.PerSecond:N0}/s; batches of {(double)result.Fresh / batches:N1}, {inFunction / batches:N2} ms each in the function; processor per payment: API {used.Api * each:N0} us, database {used.Database * each:N0} us, load {used.Load * each:N0} us; others kept {others[^1]:N1} cores busy"));
            }
        }

        var figures = Loads.Select((load, i) => new LoadFigure(
            load.Name,
            Median(results[i].Select(result => result.PerSecond)),
            Median(results[i].Select(result => Quantile(result.LatenciesMs, 0.5))),
            Median(results[i].Select(result => Quantile(result.LatenciesMs, 0.99))),
            results[i].Sum(result => result.Fresh),
            results[i].Sum(result => result.Held),
            results[i].Sum(result => result.Replayed))).ToList();
        var tpcb = Median(peer);

        var all = results.SelectMany(slices => slices).Append(warmed).ToList();
        var fresh = all.Sum(result => (long)result.Fresh);
        var held = all.Sum(result => (long)result.Held);
        (string Name, long Count, long Expected)[] checks =
        [
            ("first answers (2xx)", fresh, fresh),
            ("of them held", held, held),
            ("replays answered with the first answer, to the byte", all.Sum(result => (long)result.Replayed), all.Sum(result => (long)result.Replayed)),
            ("other answers, errors and deadlocks among them (must be 0)", all.Sum(result => (long)result.Wrong), 0),
            ("executed payments", await bank.CountAsync("select count(*) from payment.payment where state = 'executed'"), fresh - held),
            ("journal entries of payments", await bank.CountAsync("select count(*) from ledger.journal_entry where payment_id is not null"), fresh - held),
            ("payments with more than one entry (must be 0)", await bank.CountAsync("select count(*) from (select payment_id from ledger.journal_entry where payment_id is not null group by 1 having count(*) > 1) x"), 0),
            ("audit rows of executions", await bank.CountAsync("select count(*) from audit.event where action = 'payment.execute'"), fresh),
            ("payments executed by the audit trail", await bank.CountAsync("select count(distinct subject) from audit.event where action = 'payment.execute'"), fresh),
            ("fraud decisions", await bank.CountAsync("select count(*) from fraud.decision where stage = 'execute'"), fresh),
            ("outbox events", await bank.CountAsync("select count(*) from event.outbox where type = 'securebank.payment.state_changed.v1'"), fresh),
            ("approvals used up", await bank.CountAsync("select count(*) from identity.\"authorization\" where state = 'consumed'"), fresh),
            ("entries that do not sum to zero (must be 0)", await bank.CountAsync("select count(*) from (select entry_id from ledger.posting group by entry_id, currency having sum(amount) <> 0) x"), 0),
            ("accounts whose balance is not the sum of their postings (must be 0)", await bank.CountAsync("select count(*) from ledger.account a where a.balance <> coalesce((select sum(p.amount) from ledger.posting p where p.account_id = a.id), 0)"), 0),
        ];

        return new Figures(
            tpcb,
            Median(others),
            figures,
            [
                ("1 full, 32 connections / pgbench TPC-B, 16 clients", figures[0].PerSecond / tpcb, 1.0, 1.5),
                ("2 full, 128 connections / pgbench TPC-B, 16 clients", figures[1].PerSecond / tpcb, 1.5, 2.0),
                ("3 hot / uniform, 32 connections", figures[2].PerSecond / figures[0].PerSecond, 0.6, 0.9),
                ("3 hot / uniform, 128 connections", figures[3].PerSecond / figures[1].PerSecond, 0.8, 0.95),
            ],
            [
                ("4 latency, 1 connection / pgbench one function, p50", figures[4].P50 / Median(function.One), 4, 2.5),
                ("5 p99, 128 connections / pgbench one function, 32 clients", figures[1].P99 / Median(function.Many), 3, 2),
            ],
            [
                ("1 by processor time, 32 connections", Median(peerProcessor) / Median(paymentProcessor[0])),
                ("2 by processor time, 128 connections", Median(peerProcessor) / Median(paymentProcessor[1])),
            ],
            [.. checks.Select(check => (check.Count == check.Expected ? check.Name : $"WRONG, {check.Expected} expected: {check.Name}", check.Count))],
            Array.TrueForAll(checks, check => check.Count == check.Expected));
    }

    private static void Check(LoadResult result, string name)
    {
        if (result.Wrong > 0)
        {
            Console.WriteLine($"{name}: {result.Wrong} unexpected answers, the first: {result.FirstWrong}");
        }
    }

    private static double Median(IEnumerable<double> values) => Quantile([.. values], 0.5);

    private static double Quantile(List<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];
    }
}
