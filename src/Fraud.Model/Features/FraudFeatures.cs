namespace Fraud.Model;

/// <summary>
/// The one mapping from a payment and the two histories around it to the numbers a model reads, in training and in serving.
/// </summary>
/// <remarks>
/// <para>
/// Every feature is one-sided: zero (or its floor) means nothing remarkable and larger means riskier, so that an isolation forest, which
/// knows no direction, does not isolate a payment for being unusually small, early or well known. Ratios are taken on a log scale against
/// habits that are shrunk towards a weak prior, so a customer without history is neither alarming nor invisible.
/// </para>
/// <para>
/// The histories are those before this payment. For a transfer between own accounts every feature of amount, balance, payee and
/// counterparty is zero: the money stays with the customer, so only its circumstances are judged.
/// All results are finite for all inputs. The order of <see cref="Names"/> is part of a model's identity: loading compares it.
/// </para>
/// </remarks>
public static class FraudFeatures
{
    /// <summary>Number of features.</summary>
    public const int Count = 30;

    /// <summary>Amounts up to this many minor units (50.00) are never remarkable by size alone.</summary>
    internal const double SmallAmountMinor = 5_000;

    /// <summary>The habit assumed before anything is known: five payments of 100.00 with a standard deviation of 150.00.</summary>
    internal const double PriorMeanMinor = 10_000;

    internal const double PriorDeviationMinor = 15_000;
    internal const double PriorPayments = 5;

    /// <summary>Expected length of the one-day window, which covers 24 to 48 hours, in days; likewise for seven days.</summary>
    private const double MeanDaysInOneDay = 1.5;

    private const double MeanDaysInSevenDays = 7.5;
    private const double MeanDaysInThirtyDays = 30.5;

    private static readonly string[] AllNames =
    [
        "amount",
        "amount_over_habit",
        "amount_deviation",
        "amount_over_month_mean",
        "balance_share",
        "balance_drained",
        "hour_outflow_drained",
        "day_outflow_drained",
        "payments_10m",
        "payments_1h",
        "payments_1d_over_habit",
        "outflow_1d_over_habit",
        "outflow_7d_over_habit",
        "new_payees_1d",
        "first_payments_to_payee",
        "payee_newness",
        "new_payee_amount",
        "new_payee_drained",
        "payee_new_peers_1d",
        "payee_new_peers_7d_over_habit",
        "payee_payments_1d_over_habit",
        "payee_received_1d_over_habit",
        "young_collector",
        "night",
        "unusual_hour",
        "device_newness",
        "session_newness",
        "customer_newness",
        "credential_changes",
        "takeover_pattern",
    ];

    private static readonly FraudReasonCode[] AllReasons =
    [
        FraudReasonCode.AmountUnusual,
        FraudReasonCode.AmountUnusual,
        FraudReasonCode.AmountUnusual,
        FraudReasonCode.AmountUnusual,
        FraudReasonCode.BalanceDrained,
        FraudReasonCode.BalanceDrained,
        FraudReasonCode.BalanceDrained,
        FraudReasonCode.BalanceDrained,
        FraudReasonCode.ManyPaymentsQuickly,
        FraudReasonCode.ManyPaymentsQuickly,
        FraudReasonCode.ManyPaymentsQuickly,
        FraudReasonCode.OutflowUnusual,
        FraudReasonCode.OutflowUnusual,
        FraudReasonCode.ManyNewPayees,
        FraudReasonCode.NewPayee,
        FraudReasonCode.NewPayee,
        FraudReasonCode.LargeAmountToNewPayee,
        FraudReasonCode.LargeAmountToNewPayee,
        FraudReasonCode.PayeeReceivesFromMany,
        FraudReasonCode.PayeeReceivesFromMany,
        FraudReasonCode.PayeeActivityUnusual,
        FraudReasonCode.PayeeActivityUnusual,
        FraudReasonCode.PayeeReceivesFromMany,
        FraudReasonCode.UnusualTime,
        FraudReasonCode.UnusualTime,
        FraudReasonCode.NewDevice,
        FraudReasonCode.NewSession,
        FraudReasonCode.NewCustomer,
        FraudReasonCode.RecentCredentialChange,
        FraudReasonCode.TakeoverPattern,
    ];

    /// <summary>Names in order, as recorded in model files.</summary>
    public static IReadOnlyList<string> Names { get; } = Array.AsReadOnly(AllNames);

    /// <summary>The reason a feature speaks for when it is high.</summary>
    public static FraudReasonCode ReasonOf(int feature) => AllReasons[feature];

    /// <summary>Computes all features of one payment.</summary>
    /// <param name="facts">What is known about the payment.</param>
    /// <param name="payer">What the debited account sent before this payment.</param>
    /// <param name="counterparty">What the credited account received before this payment.</param>
    /// <param name="destination">Receives <see cref="Count"/> values.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static void Compute(in PaymentFacts facts, EntityHistory payer, EntityHistory counterparty, Span<float> destination)
    {
        if (destination.Length < Count)
            throw new ArgumentException($"{Count} features do not fit into {destination.Length} places.", nameof(destination));

        var at = facts.At;
        var own = !facts.EntersHistories;
        double amount = own ? 0 : Math.Max(0, facts.AmountMinor);
        double available = Math.Max(0, facts.AvailableBeforeMinor);

        // The payer's habit: long-run moments shrunk towards the prior.
        double known = payer.TotalCount;
        var weight = known + PriorPayments;
        var mean = (payer.TotalAmountMinor + PriorPayments * PriorMeanMinor) / weight;
        var second = (payer.SumOfSquares + PriorPayments * (PriorMeanMinor * PriorMeanMinor + PriorDeviationMinor * PriorDeviationMinor)) / weight;
        var deviation = Math.Sqrt(Math.Max(second - mean * mean, mean * mean * 0.25));

        double monthCount = payer.Count(HistoryWindow.ThirtyDays, at);
        double monthAmount = payer.AmountMinor(HistoryWindow.ThirtyDays, at);
        var monthMean = (monthAmount + PriorPayments * PriorMeanMinor) / (monthCount + PriorPayments);

        // A relationship younger than a month has had less than a month to fill its windows.
        var observedDays = Math.Clamp(payer.KnownFor(at).TotalDays, 1, MeanDaysInThirtyDays);
        var dailyCount = monthCount / observedDays;
        var dailyAmount = monthAmount / observedDays;

        double hourAmount = payer.AmountMinor(HistoryWindow.OneHour, at);
        double dayAmount = payer.AmountMinor(HistoryWindow.OneDay, at);
        double dayCount = payer.Count(HistoryWindow.OneDay, at);
        double weekAmount = payer.AmountMinor(HistoryWindow.SevenDays, at);

        var share = Share(amount, available) * Material(amount);
        var amountOverHabit = Excess(amount + SmallAmountMinor, mean + SmallAmountMinor);
        var payeeNewness = own ? 0 : Newness(facts.PayeeAgeHours, 24);
        var payeeUnpaid = own ? 0 : 1.0 / (1.0 + Math.Max(0, facts.PaymentsToPayeeBefore));
        var deviceNewness = Newness(facts.DeviceAgeDays, 1);
        var credentialChanges = Math.Clamp(facts.CredentialChangesLast7Days, 0, 4);
        var newPayeeDrained = Drained(share) * payeeNewness * payeeUnpaid;

        var values = destination[..Count];
        values.Clear();
        values[0] = (float)Excess(amount, SmallAmountMinor);
        values[1] = (float)amountOverHabit;
        values[2] = (float)Math.Log(1 + Math.Clamp((amount - mean) / deviation, 0, 50));
        values[3] = (float)Excess(amount + SmallAmountMinor, monthMean + SmallAmountMinor);
        values[4] = (float)share;
        values[5] = (float)Drained(share);
        values[6] = own ? 0 : (float)Drained(Share(amount + hourAmount, available + hourAmount) * Material(amount + hourAmount));
        values[7] = own ? 0 : (float)Drained(Share(amount + dayAmount, available + dayAmount) * Material(amount + dayAmount));
        values[8] = (float)Math.Log(1 + payer.Count(HistoryWindow.TenMinutes, at));
        values[9] = (float)Math.Log(1 + payer.Count(HistoryWindow.OneHour, at));
        values[10] = (float)Excess(dayCount + 1, dailyCount * MeanDaysInOneDay + 2);
        values[11] = (float)Excess(dayAmount + amount, dailyAmount * MeanDaysInOneDay + 3 * PriorMeanMinor);
        values[12] = (float)Excess(weekAmount + amount, dailyAmount * MeanDaysInSevenDays + 6 * PriorMeanMinor);
        values[13] = (float)Math.Log(1 + payer.NewPeers(HistoryWindow.OneDay, at));
        values[14] = (float)payeeUnpaid;
        values[15] = (float)payeeNewness;
        values[16] = (float)(amountOverHabit * payeeNewness * payeeUnpaid);
        values[17] = (float)newPayeeDrained;
        if (!own)
            ComputeCounterparty(counterparty, at, amount, values);

        var localHour = (at.UtcDateTime.TimeOfDay + facts.UtcOffset).TotalHours;
        localHour -= 24 * Math.Floor(localHour / 24);
        values[23] = (float)Night(localHour);
        var (near, remembered) = payer.HourHabit(at);
        // Three of 24 hours are near; one imagined payment per hour smooths the habit.
        values[24] = (float)Excess((remembered + 24.0) * (3.0 / 24), near + 3.0);
        values[25] = (float)deviceNewness;
        values[26] = (float)Newness(facts.SessionAgeMinutes, 2);
        values[27] = (float)Newness(facts.CustomerAgeDays, 14);
        values[28] = credentialChanges;
        // Each alone is everyday life; together they are how stolen credentials are used.
        values[29] = (float)(newPayeeDrained * deviceNewness * (1 + Math.Min(credentialChanges, 2)));
    }

    private static void ComputeCounterparty(EntityHistory counterparty, DateTimeOffset at, double amount, Span<float> values)
    {
        double peersDay = counterparty.NewPeers(HistoryWindow.OneDay, at);
        double peersWeek = counterparty.NewPeers(HistoryWindow.SevenDays, at);
        double peersEarlier = counterparty.NewPeers(HistoryWindow.ThirtyDays, at) - peersWeek;
        double monthCount = counterparty.Count(HistoryWindow.ThirtyDays, at);
        double monthAmount = counterparty.AmountMinor(HistoryWindow.ThirtyDays, at);
        double dayCount = counterparty.Count(HistoryWindow.OneDay, at);
        double dayAmount = counterparty.AmountMinor(HistoryWindow.OneDay, at);
        var knownDays = counterparty.KnownFor(at).TotalDays;
        var observedDays = Math.Clamp(knownDays, 3, MeanDaysInThirtyDays);
        var youth = counterparty.IsEmpty ? 1 : Newness(knownDays, 7);

        // A shop or a utility gains payers every day, and always has; only growth beyond that is remarkable.
        var earlierWeeks = Math.Max(1, (observedDays - 8) / 7.5);
        values[18] = (float)Excess(peersDay + 1, peersEarlier / earlierWeeks / 5 + 1);
        values[19] = (float)Excess(peersWeek + 1, peersEarlier / earlierWeeks + 2);
        values[20] = (float)Excess(dayCount + 1, monthCount / observedDays * MeanDaysInOneDay + 2);
        values[21] = (float)Excess(dayAmount + amount, monthAmount / observedDays * MeanDaysInOneDay + 5 * PriorMeanMinor);
        values[22] = (float)(Math.Log(1 + peersWeek) * youth);
    }

    /// <summary>max(0, ln(value / usual)).</summary>
    private static double Excess(double value, double usual) => value <= usual ? 0 : Math.Log(value / usual);

    /// <summary>scale / (scale + age): 1 when brand new, 1/2 at <paramref name="scale"/>; an impossible age counts as new.</summary>
    private static double Newness(double age, double scale) => age > 0 ? 1 / (1 + age / scale) : 1;

    private static double Share(double amount, double available) => amount <= 0 ? 0 : amount >= available ? 1 : amount / available;

    /// <summary>Emptying an account that holds next to nothing is not worth a thief's or an analyst's time: grows to 1 at a small amount.</summary>
    private static double Material(double amount) => Math.Min(1, amount / SmallAmountMinor);

    /// <summary>-ln(1 - 0.99 share), zero up to half the balance: what matters is how little is left.</summary>
    private static double Drained(double share) => share <= 0.5 ? 0 : -Math.Log((1 - 0.99 * share) / (1 - 0.99 * 0.5));

    /// <summary>1 between 01:00 and 05:00 local time, falling to 0 at 23:00 and 07:00.</summary>
    private static double Night(double hour) => hour switch
    {
        >= 23 => (hour - 23) / 2,
        < 1 => (hour + 1) / 2,
        < 5 => 1,
        < 7 => (7 - hour) / 2,
        _ => 0,
    };
}
