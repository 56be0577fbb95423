using System.Text.RegularExpressions;
using Banking.Client;

namespace Assistant.Bot.Understanding.Values;

/// <summary>The spending categories a customer can name, by the bank's codes.</summary>
public static partial class SpendingCategories
{
    private static readonly (string Code, string Words, string[] Said)[] Table =
    [
        (TransactionCategories.Groceries, "groceries", ["grocery", "groceries", "supermarket", "supermarkets", "food", "food shop", "food shopping", "weekly shop"]),
        (TransactionCategories.EatingOut, "eating out", ["eating out", "restaurant", "restaurants", "takeaway", "takeaways", "coffee", "coffees", "dining", "dining out", "pub", "pubs", "cafe", "cafes", "lunch", "lunches", "meals out"]),
        (TransactionCategories.Transport, "transport", ["transport", "travel", "trains", "train", "bus", "buses", "taxi", "taxis", "petrol", "fuel", "commuting", "parking", "tube", "getting around"]),
        (TransactionCategories.Bills, "bills", ["bills", "utilities", "energy", "electricity", "gas", "water", "broadband", "phone", "internet", "council tax", "household bills", "utility bills"]),
        (TransactionCategories.Subscriptions, "subscriptions", ["entertainment", "cinema", "streaming", "games", "gaming", "subscriptions", "subscription", "memberships"]),
        (TransactionCategories.Shopping, "shopping", ["shopping", "clothes", "clothing", "shoes", "online shopping"]),
        (TransactionCategories.Health, "health", ["health", "pharmacy", "gym", "fitness", "dentist", "chemist", "medical"]),
        (TransactionCategories.Cash, "cash", ["cash", "cash machine", "cash machines", "cash withdrawals", "withdrawals", "atm"]),
        (TransactionCategories.Income, "income", ["salary", "wages", "pay", "income", "earnings"]),
        (TransactionCategories.Payments, "payments", ["payments", "rent", "mortgage", "people"]),
        (TransactionCategories.OwnTransfer, "own transfers", ["transfers", "transfer", "own transfers"]),
    ];

    private static readonly Dictionary<string, string> BySaid = Table.SelectMany(row => row.Said.Append(row.Code).Append(row.Words).Distinct(StringComparer.Ordinal).Select(said => (said, row.Code)))
        .ToDictionary(pair => pair.said, pair => pair.Code, StringComparer.Ordinal);

    private static readonly Dictionary<string, string> WordsByCode = Table.ToDictionary(row => row.Code, row => row.Words, StringComparer.Ordinal);

    /// <summary>The bank's code for what the customer calls a category, or null.</summary>
    public static string? Find(string text)
    {
        var words = Filler().Replace(text.ToLowerInvariant().Trim(), "");
        return BySaid.GetValueOrDefault(words) ?? (words.EndsWith('s') ? BySaid.GetValueOrDefault(words[..^1]) : null);
    }

    /// <summary>The code in words for a sentence; an unknown code reads as its own words.</summary>
    public static string Words(string code) => WordsByCode.GetValueOrDefault(code) ?? code.Replace('_', ' ').ToLowerInvariant();

    [GeneratedRegex(@"^(?:my|the|on)\s+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Filler();
}
