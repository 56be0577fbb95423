using System.Text.Json;
using Assistant.Bot.Understanding;
using Assistant.Bot.Understanding.Values;
using Banking.Client;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"How much did I spend on eating out last month?"; this month when no period was said.</summary>
internal static class SumSpending
{
    private const int MostAdded = 20;

    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var slots = heard.Slots;
        if (heard.Misread(SlotNames.Period) && slots.Period is null)
        {
            script.Await(IntentNames.Spending, slots, SlotNames.Period);
            return script.Reply(script.Say("period_unknown"));
        }

        if (slots.Period is null)
        {
            slots = slots with { From = new DateOnly(script.Today.Year, script.Today.Month, 1), To = script.Today, Period = "this month" };
        }

        string? accountId = slots.AccountId;
        if (slots.Account is not null && accountId is null)
        {
            var accounts = await script.CallAsync(ToolNames.AccountsList);
            if (accounts.Failed)
            {
                return Shared.Fail(script, accounts);
            }

            if (Shared.OneAccount(script, accounts.Items("accounts"), null, slots.Account, "account_which", out var question) is not { } account)
            {
                script.Await(IntentNames.Spending, slots with { Account = null }, SlotNames.Account, Shared.ChoicesOf(accounts.Items("accounts")));
                return script.Reply(question);
            }

            accountId = account.Text("id");
        }

        var period = slots.Period!;
        var from = slots.From?.ToString("yyyy-MM-dd");
        var to = slots.To?.ToString("yyyy-MM-dd");
        script.Record(new QuestionAnswered(new AnsweredQuestion(IntentNames.Spending, slots)));
        script.Suggest("And last month?", "Show my transactions");
        if ((slots.Merchant ?? slots.Payee) is { } merchant)
        {
            return await AtMerchantAsync(script, merchant, accountId, from, to, period);
        }

        var result = await script.CallAsync(ToolNames.InsightsSpending, ("from", from), ("to", to), ("accountId", accountId));
        if (result.Failed)
        {
            return Shared.Fail(script, result);
        }

        var currency = result.Data.Text("currency");
        var categories = result.Items("categories");
        if (slots.Category is { } category)
        {
            var name = SpendingCategories.Words(category);
            var row = categories.FirstOrDefault(row => row.Text("category") == category);
            if (row.ValueKind != JsonValueKind.Object)
            {
                return script.Reply(Words.Sentence(script.Say("spending_category_none", ("category", name), ("period", period))));
            }

            script.Show(CardKinds.Spending, result.Data);
            return script.Reply(Words.Sentence(script.Say("spending_category", ("category", name), ("amount", Words.Money(row.Text("amount"), currency)), ("period", period))));
        }

        if (categories.Count == 0)
        {
            return script.Reply(script.Say("spending_none", ("period", period)));
        }

        script.Show(CardKinds.Spending, result.Data);
        var total = Words.Money(result.Data.Text("total"), currency);
        var top = categories.MaxBy(row => Minor(row.Text("amount"), currency) ?? 0);
        return script.Reply(categories.Count == 1
            ? script.Say("spending_total_only", ("total", total), ("period", period))
            : script.Say("spending_total", ("total", total), ("period", period), ("top", SpendingCategories.Words(top.Text("category") ?? "")), ("topAmount", Words.Money(top.Text("amount"), currency))));
    }

    private static async Task<PlannerStep.Reply> AtMerchantAsync(TurnScript script, string merchant, string? accountId, string? from, string? to, string period)
    {
        var result = await script.CallAsync(
            ToolNames.TransactionsSearch, ("accountId", accountId), ("from", from), ("to", to), ("text", FindTransactions.Bare(merchant)), ("limit", MostAdded));
        if (result.Failed)
        {
            return Shared.Fail(script, result);
        }

        var outgoing = result.Items("transactions").Select(row => (Currency: row.Text("currency"), Minor: Minor(row.Text("amount"), row.Text("currency")))).Where(row => row.Minor < 0).ToList();
        if (outgoing.Count == 0)
        {
            return script.Reply(script.Say("spending_merchant_none", ("merchant", Words.Quote(merchant)), ("period", period)));
        }

        script.Show(CardKinds.Transactions, result.Data);
        // The list is cut at its limit, and a sum over part of it would be wrong.
        if (result.Items("transactions").Count >= MostAdded || outgoing.Select(row => row.Currency).Distinct(StringComparer.Ordinal).Count() > 1)
        {
            return script.Reply(script.Say("spending_merchant_many", ("merchant", Words.Quote(merchant)), ("period", period)));
        }

        var sum = new Money(-outgoing.Sum(row => row.Minor!.Value), Currency.Of(outgoing[0].Currency!));
        return script.Reply(Words.Sentence(script.Say("spending_merchant", ("amount", Words.Money(sum.Amount, sum.Currency.Code)), ("merchant", Words.Quote(merchant)), ("period", period))));
    }

    private static long? Minor(string? amount, string? currency) => Money.TryParse(amount, currency, out var money) == MoneyFault.None ? money.MinorUnits : null;
}
