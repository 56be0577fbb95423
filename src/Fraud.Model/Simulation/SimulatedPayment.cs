namespace Fraud.Model;

/// <summary>What a simulated payment really was. Hidden from every feature; used only to measure.</summary>
public enum FraudScenario
{
    /// <summary>An ordinary payment.</summary>
    None = 0,

    /// <summary>Stolen credentials: a new device, usually a credential change, a new payee, most of the balance.</summary>
    AccountTakeover = 1,

    /// <summary>Several victims are talked into paying the same fresh account within days.</summary>
    MulePayee = 2,

    /// <summary>Many small payments in quick succession to new payees.</summary>
    PaymentBurst = 3,

    /// <summary>Authorised push payment fraud: the customer, on the usual device in daytime, sends a large sum to a new payee.</summary>
    CoercedPayment = 4,
}

/// <summary>One payment of a simulated bank, in the order of <see cref="PaymentFacts.At"/>.</summary>
/// <param name="Facts">What the bank knows.</param>
/// <param name="Payer">The debited account.</param>
/// <param name="Counterparty">The credited account.</param>
/// <param name="InWarmUp">Whether it only fills histories and is neither trained on nor measured.</param>
/// <param name="Scenario">Hidden truth.</param>
/// <param name="Episode">Groups the payments of one fraud; zero for ordinary ones. Hidden truth.</param>
public readonly record struct SimulatedPayment(
    in PaymentFacts Facts, int Payer, int Counterparty, bool InWarmUp, FraudScenario Scenario, int Episode);

/// <summary>Shape of a simulated bank.</summary>
public sealed record SimulationOptions
{
    /// <summary>Names the bank: same options, same payments.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Customers, each with one current account.</summary>
    public int Customers { get; init; } = 2000;

    /// <summary>Days simulated, warm-up included.</summary>
    public int Days { get; init; } = 100;

    /// <summary>Days at the start that only fill the histories.</summary>
    public int WarmUpDays { get; init; } = 45;

    /// <summary>Fraud episodes per scenario and 1000 customers in 30 days. Far above a real bank's, so that recall can be measured.</summary>
    public double EpisodesPerThousandCustomerMonths { get; init; } = 6;

    /// <summary>First day, midnight UTC.</summary>
    public DateTimeOffset Start { get; init; } = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The bank's zone offset (kept constant).</summary>
    public TimeSpan UtcOffset { get; init; } = TimeSpan.FromHours(1);
}
