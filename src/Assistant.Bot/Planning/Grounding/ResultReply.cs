using System.Text.Json;
using Assistant.Bot.Cards;
using Assistant.Bot.Turns;

namespace Assistant.Bot.Planning.Grounding;

/// <summary>The reply that tool results make by themselves: used when a model has none that may be sent, and for the cards beside one that has.</summary>
internal static class ResultReply
{
    public static PlannerStep.Reply Compose(IReadOnlyList<JournaledCall> calls)
    {
        var cards = new List<CardRequest>();
        var events = new List<DialogueEvent>();
        var text = "";
        var answered = calls.Where(call => call.Result is { ValueKind: JsonValueKind.Object } result && !result.TryGetProperty("error", out _)).ToList();
        foreach (var call in answered)
        {
            var result = call.Result!.Value;
            switch (call.Name)
            {
                case ToolNames.PaymentsDraft or ToolNames.PaymentsAmend when result.TryGetProperty("payment", out var payment):
                    cards.RemoveAll(card => card.Kind == CardKinds.PaymentDraft);
                    cards.Add(new CardRequest(CardKinds.PaymentDraft, result));
                    events.Add(Prepared(payment, CardElements.Get(result, "approveLink")));
                    text = $"I have prepared this payment: {Describe(payment)}. It is only made when you approve it on the bank's page.";
                    break;
                case ToolNames.PaymentsCancel when result.TryGetProperty("payment", out var payment):
                    events.Add(new PaymentClosed(CardElements.Get(payment, "id") ?? "", CardElements.Get(payment, "state") ?? "cancelled"));
                    text = $"I have withdrawn the payment of {Describe(payment)}.";
                    break;
                case ToolNames.PaymentsStatus:
                    var states = CardElements.List(result, "payments", 3).Select(payment => $"{Describe(payment)}: {CardElements.Get(payment, "state")?.Replace('_', ' ')}").ToList();
                    text = states.Count > 0 ? string.Join("\n", states) : "There is no payment prepared in this conversation.";
                    break;
                case ToolNames.PayeesPropose:
                    cards.Add(new CardRequest(CardKinds.Link, JsonSerializer.SerializeToElement(new { title = "Add the payee", link = CardElements.Get(result, "link") })));
                    text = "You can add the payee on the bank's page; I have filled in what you told me.";
                    break;
                case ToolNames.TransactionsSearch:
                    cards.Add(new CardRequest(CardKinds.Transactions, result));
                    text = "Here are the transactions I found.";
                    break;
                case ToolNames.InsightsSpending:
                    cards.Add(new CardRequest(CardKinds.Spending, result));
                    text = "Here is your spending.";
                    break;
                case ToolNames.HelpTopic:
                    cards.Add(new CardRequest(CardKinds.Help, result));
                    text = "This may help.";
                    break;
                case ToolNames.AccountsList when answered.TrueForAll(other => other.Name is ToolNames.AccountsList):
                    cards.Clear();
                    cards.Add(new CardRequest(CardKinds.Balance, result));
                    text = "Here are your accounts.";
                    break;
                default:
                    break;
            }
        }

        if (text.Length == 0)
        {
            var refused = calls.Select(call => call.Result is { ValueKind: JsonValueKind.Object } result && result.TryGetProperty("error", out var error) ? CardElements.Get(error, "code") : null).LastOrDefault(code => code is not null);
            text = refused is null
                ? "I am not sure I can answer that. I can show balances, transactions and spending, and prepare payments to people you name."
                : "I could not do that. Please tell me whom you want to pay and how much, or what you would like to see.";
        }

        return new PlannerStep.Reply(text, cards, [], events);
    }

    private static string Describe(JsonElement payment) =>
        $"{CardElements.Format(CardElements.Get(payment, "amount"), CardElements.Get(payment, "currency"))} to {(payment.TryGetProperty("creditor", out var creditor) ? CardElements.Get(creditor, "name") : null) ?? "the payee"}";

    private static PaymentPrepared Prepared(JsonElement payment, string? approveLink)
    {
        var creditor = payment.TryGetProperty("creditor", out var party) ? party : default;
        var debtor = payment.TryGetProperty("debtorAccount", out var account) ? account : default;
        return new PaymentPrepared(new PreparedPayment(
            CardElements.Get(payment, "id") ?? "",
            CardElements.Get(creditor, "payeeId"),
            CardElements.Get(creditor, "name") ?? "",
            CardElements.Get(debtor, "id") ?? "",
            CardElements.Get(debtor, "name") ?? "",
            CardElements.Get(payment, "amount") ?? "",
            CardElements.Get(payment, "currency") ?? "",
            CardElements.Get(payment, "reference"),
            approveLink,
            CardElements.Get(creditor, "accountId")));
    }
}
