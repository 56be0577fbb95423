using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>
/// Limits in minor units of the bank's currency. Days are bank days. Transfers between a customer's own accounts do not count towards the
/// customer's limits, since the money stays theirs; what the assistant drafts counts towards its own, whoever receives it.
/// </summary>
public sealed class PaymentLimits
{
    /// <summary>Reads <c>Payments:Limits</c> and <c>Assistant:Limits</c> (decimal amounts of the bank's currency: <c>PerPayment</c>, <c>PerDay</c>).</summary>
    public PaymentLimits(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        PerPaymentMinor = Read(configuration, "Payments:Limits:PerPayment", "10000.00");
        PerDayMinor = Read(configuration, "Payments:Limits:PerDay", "20000.00");
        AssistantPerPaymentMinor = Read(configuration, "Assistant:Limits:PerPayment", "2500.00");
        AssistantPerDayMinor = Read(configuration, "Assistant:Limits:PerDay", "5000.00");
    }

    /// <summary>One payment of a customer.</summary>
    public long PerPaymentMinor { get; }

    /// <summary>All payments of a customer on one day.</summary>
    public long PerDayMinor { get; }

    /// <summary>One payment drafted through the assistant.</summary>
    public long AssistantPerPaymentMinor { get; }

    /// <summary>All payments drafted through the assistant for one customer on one day.</summary>
    public long AssistantPerDayMinor { get; }

    private static long Read(IConfiguration configuration, string key, string standard) =>
        Money.TryParse(configuration[key] ?? standard, Currency.Gbp.Code, out var money) == MoneyFault.None && money.MinorUnits > 0
            ? money.MinorUnits
            : throw new InvalidOperationException($"Setting '{key}' is not a positive amount.");
}
