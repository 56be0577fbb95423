namespace Banking.Client;

/// <summary>The codes of <see cref="Transaction.Category"/>: one vocabulary for the ledger, the pages and the assistant.</summary>
public static class TransactionCategories
{
    /// <summary>Supermarkets and food shops.</summary>
    public const string Groceries = "groceries";

    /// <summary>Restaurants, cafés, takeaways.</summary>
    public const string EatingOut = "eating_out";

    /// <summary>Trains, buses, taxis, fuel.</summary>
    public const string Transport = "transport";

    /// <summary>Energy, water, council tax, phone, broadband.</summary>
    public const string Bills = "bills";

    /// <summary>Clothes, household, online shops.</summary>
    public const string Shopping = "shopping";

    /// <summary>Streaming, memberships, other things that come every month.</summary>
    public const string Subscriptions = "subscriptions";

    /// <summary>Pharmacy, dentist, gym.</summary>
    public const string Health = "health";

    /// <summary>Over the counter or from a machine.</summary>
    public const string Cash = "cash";

    /// <summary>Money that came in: salary, payments from others.</summary>
    public const string Income = "income";

    /// <summary>Payments to payees.</summary>
    public const string Payments = "payments";

    /// <summary>Between accounts of the same customer; no spending.</summary>
    public const string OwnTransfer = "own_transfer";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Groceries, EatingOut, Transport, Bills, Shopping, Subscriptions, Health, Cash, Income, Payments, OwnTransfer];
}
