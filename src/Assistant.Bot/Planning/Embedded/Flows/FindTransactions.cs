using System.Text.RegularExpressions;
using Assistant.Bot.Understanding;
using Assistant.Bot.Understanding.Values;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"What did I pay Tesco last month?": the list, filtered. What third parties wrote stays in the card.</summary>
internal static partial class FindTransactions
{
    private const int DefaultCount = 10;
    private const int MostShown = 20;

    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var slots = heard.Slots;
        if (heard.Misread(SlotNames.Period) && slots.Period is null)
        {
            script.Await(IntentNames.Transactions, slots, SlotNames.Period);
            return script.Reply(script.Say("period_unknown"));
        }

        string? accountId = slots.AccountId;
        string? accountName = null;
        if (slots.Account is not null || accountId is not null)
        {
            var accounts = await script.CallAsync(ToolNames.AccountsList);
            if (accounts.Failed)
            {
                return Shared.Fail(script, accounts);
            }

            if (Shared.OneAccount(script, accounts.Items("accounts"), accountId, slots.Account, "account_which", out var question) is not { } account)
            {
                script.Await(IntentNames.Transactions, slots with { Account = null }, SlotNames.Account, Shared.ChoicesOf(accounts.Items("accounts")));
                return script.Reply(question);
            }

            accountId = account.Text("id");
            accountName = account.Text("name");
        }

        var text = slots.Merchant ?? slots.Payee;
        var onlyLast = slots.Count is null && OnlyLast().IsMatch(heard.Text);
        var result = await script.CallAsync(
            ToolNames.TransactionsSearch,
            ("accountId", accountId),
            ("from", slots.From?.ToString("yyyy-MM-dd")),
            ("to", slots.To?.ToString("yyyy-MM-dd")),
            ("text", text is null ? null : Bare(text)),
            ("category", slots.Category),
            ("limit", Math.Clamp(slots.Count ?? (onlyLast ? 1 : DefaultCount), 1, MostShown)));
        if (result.Failed)
        {
            return Shared.Fail(script, result);
        }

        script.Record(new QuestionAnswered(new AnsweredQuestion(IntentNames.Transactions, slots)));
        var found = result.Items("transactions");
        var filter = Filter(slots, text, accountName);
        if (found.Count == 0)
        {
            script.Suggest("Show my latest transactions", "How much did I spend this month?");
            return script.Reply(script.Say("transactions_none", ("filter", filter)));
        }

        script.Show(CardKinds.Transactions, result.Data);
        script.Suggest("How much did I spend this month?", "What's my balance?");
        return script.Reply(onlyLast
            ? script.Say("transactions_last", ("filter", filter))
            : filter.Length == 0
            ? script.Say("transactions_latest")
            : script.Say(found.Count == 1 ? "transactions_one" : "transactions_found", ("filter", filter)));
    }

    /// <summary>The search text: the name without "my" and "the".</summary>
    internal static string Bare(string merchant)
    {
        foreach (var lead in (string[])["my ", "the "])
        {
            if (merchant.StartsWith(lead, StringComparison.OrdinalIgnoreCase))
            {
                return merchant[lead.Length..];
            }
        }

        return merchant;
    }

    // One thing was asked for: "my last transaction", not "my last transactions".
    [GeneratedRegex(@"\b(?:last|latest|newest|recent)\s+(?:\w+\s+)?(?:transaction|payment|purchase|thing|one)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex OnlyLast();

    private static string Filter(SlotValues slots, string? text, string? account)
    {
        var category = slots.Category is { } code ? $" for {SpendingCategories.Words(code)}" : "";
        var merchant = text is null ? "" : $" for {Words.Quote(text)}";
        var of = account is null ? "" : $" on your {Words.Account(account)}";
        var period = slots.Period is { } words ? $" {words}" : "";
        return category + merchant + of + period;
    }
}
