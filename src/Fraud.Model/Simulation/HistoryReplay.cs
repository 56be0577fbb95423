namespace Fraud.Model;

/// <summary>
/// Rolls histories through a stream of payments exactly as the bank does online: features from the histories before the payment, then both
/// histories moved past it.
/// </summary>
public class HistoryReplay
{
    private readonly Dictionary<int, EntityHistory> _payers = [];
    private readonly Dictionary<int, EntityHistory> _counterparties = [];

    /// <summary>Computes one payment's features, then records it.</summary>
    public void Next(in SimulatedPayment payment, Span<float> features)
    {
        var payer = _payers.GetValueOrDefault(payment.Payer, EntityHistory.Empty);
        var counterparty = _counterparties.GetValueOrDefault(payment.Counterparty, EntityHistory.Empty);
        FraudFeatures.Compute(payment.Facts, payer, counterparty, features);
        if (!payment.Facts.EntersHistories)
            return;

        var newPeer = payment.Facts.PaymentsToPayeeBefore == 0;
        _payers[payment.Payer] = Keep(payer.With(payment.Facts.At, payment.Facts.AmountMinor, newPeer));
        _counterparties[payment.Counterparty] = Keep(counterparty.With(payment.Facts.At, payment.Facts.AmountMinor, newPeer));
    }

    /// <summary>How a history is kept between payments; a store that serializes overrides it.</summary>
    protected virtual EntityHistory Keep(EntityHistory history) => history;

    /// <summary>Features and hidden truth of all payments after the warm-up.</summary>
    public static LabelledPayments Run(IEnumerable<SimulatedPayment> payments)
    {
        var replay = new HistoryReplay();
        var values = new List<float>();
        var scenarios = new List<FraudScenario>();
        var episodes = new List<int>();
        var row = new float[FraudFeatures.Count];
        foreach (var payment in payments)
        {
            replay.Next(payment, row);
            if (payment.InWarmUp)
                continue;
            values.AddRange(row);
            scenarios.Add(payment.Scenario);
            episodes.Add(payment.Episode);
        }

        return new LabelledPayments(new FeatureTable(FraudFeatures.Count, values.ToArray()), scenarios, episodes);
    }
}

/// <summary>Feature rows with the simulator's hidden truth beside them.</summary>
/// <param name="Features">One row per payment.</param>
/// <param name="Scenarios">What each was.</param>
/// <param name="Episodes">Which fraud each belonged to.</param>
public sealed record LabelledPayments(FeatureTable Features, IReadOnlyList<FraudScenario> Scenarios, IReadOnlyList<int> Episodes);
