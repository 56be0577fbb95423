namespace Fraud.Model.Tests;

/// <summary>Customers and payments that tests speak about by name.</summary>
internal static class Scenes
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 18, 12, 0, 0, TimeSpan.Zero);

    public static string Repository { get; } = FindRepository();

    public static string Models => Path.Combine(Repository, "models", "fraud");

    /// <summary>An ordinary payment: 60.00 to a payee known for a year, in daytime, from the usual phone.</summary>
    public static PaymentFacts Ordinary { get; } = new(
        At: Noon,
        UtcOffset: TimeSpan.FromHours(1),
        AmountMinor: 60_00,
        AvailableBeforeMinor: 2_431_18,
        Kind: PaymentKind.External,
        Channel: PaymentChannel.Web,
        PaymentsToPayeeBefore: 12,
        PayeeAgeHours: 365 * 24,
        SessionAgeMinutes: 3,
        DeviceAgeDays: 200,
        CustomerAgeDays: 900,
        CredentialChangesLast7Days: 0);

    /// <summary>Months of a household's payments ending some days before <see cref="Noon"/>: rent, bills, shops and friends.</summary>
    public static EntityHistory Household(int months = 4)
    {
        var history = EntityHistory.Empty;
        var random = new DeterministicRandom(11);
        for (var day = months * 30; day >= 3; day--)
        {
            var morning = Noon.Date.AddDays(-day);
            var at = new DateTimeOffset(morning, TimeSpan.Zero).AddHours(random.Between(8, 21));
            if (day % 30 == 1)
                history = history.With(at, 850_00, newPeer: false);
            if (day % 30 == 12)
                history = history.With(at, 74_10, newPeer: false).With(at.AddMinutes(2), 41_00, newPeer: false);
            if (random.Chance(0.35))
                history = history.With(at, random.Next(60_00) + 5_00, newPeer: random.Chance(0.05));
        }

        return history;
    }

    /// <summary>A payee that receives a payment now and then from a few people.</summary>
    public static EntityHistory Friend()
    {
        var history = EntityHistory.Empty;
        for (var day = 100; day > 2; day -= 9)
            history = history.With(Noon.AddDays(-day), 45_00, newPeer: day > 90);
        return history;
    }

    public static float[] Features(in PaymentFacts facts, EntityHistory? payer = null, EntityHistory? counterparty = null)
    {
        var features = new float[FraudFeatures.Count];
        FraudFeatures.Compute(facts, payer ?? Household(), counterparty ?? Friend(), features);
        return features;
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "SecureBank.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The repository was not found above the tests.");
    }
}
