using System.Text.Json;
using Assistant.Bot.Cards;
using Assistant.Bot.Events;
using Assistant.Bot.Planning;

namespace Assistant.Bot.Turns;

/// <summary>
/// What the assistant says when the bank reports what became of a payment. The words follow the state the bank committed and no one else's
/// claim: "paid" is said of an executed payment only.
/// </summary>
internal static class BankNews
{
    /// <summary>The reply to a payment's event; null for events that are for a planner.</summary>
    public static TurnReply? Compose(CustomerInput.Event happened, OpenTurn open, CardRenderer cards)
    {
        if (happened.Type != BankEventTypes.PaymentStateChanged)
        {
            return null;
        }

        var data = happened.Data;
        var state = CardElements.Get(data, "state");
        var paymentId = CardElements.Get(data, "paymentId") ?? "";
        var amount = CardElements.Format(CardElements.Get(data, "amount"), CardElements.Get(data, "currency"));
        var payee = CardElements.Get(data, "creditorName") ?? "the payee";
        var why = string.Join(" ", CardRenderer.Reasons(data).Select(reason => reason.TrimEnd('.') + "."));
        why = why.Length > 0 ? " " + why : "";
        var text = state switch
        {
            "executed" => $"Done: {amount} to {payee} has been paid.",
            "held" => $"Your payment of {amount} to {payee} is on hold while the bank checks it.{why} No money has left your account. You can cancel it while it is on hold.",
            "rejected" => $"Your payment of {amount} to {payee} was not made: the bank rejected it.{why} No money has left your account.",
            "failed" => $"Your payment of {amount} to {payee} could not be made.{why} No money has left your account.",
            "cancelled" when WasCancelledHere(open, paymentId) => null,
            "cancelled" => $"Your payment of {amount} to {payee} was cancelled. No money has left your account.",
            "expired" => $"Your payment of {amount} to {payee} expired because it was not approved in time. No money has left your account.",
            "returned" => $"Your payment of {amount} to {payee} came back: the money is on its way to your account.{why}",
            _ => null,
        };
        if (text is null)
        {
            // A step on the way, or something the customer did here and was told about: nothing to say, but it is noted.
            return new TurnReply("", [], state == "cancelled" ? [new PaymentClosed(paymentId, state)] : []);
        }

        return new TurnReply(text, [Replies.Message(text, cards.Render([new CardRequest(CardRenderer.Outcome, data)]))], [new PaymentClosed(paymentId, state!)]);
    }

    private static bool WasCancelledHere(OpenTurn open, string paymentId) => open.History.SelectMany(turn => turn.Calls).Any(call =>
        call is { Name: ToolNames.PaymentsCancel, Result: { ValueKind: JsonValueKind.Object } result }
        && result.TryGetProperty("payment", out var payment) && CardElements.Get(payment, "id") == paymentId);
}
