using System.Text.Json;
using Assistant.Bot.Cards;
using Assistant.Bot.Events;
using Assistant.Bot.Planning;
using Assistant.Bot.Planning.Embedded;

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
        // A step on the way needs no message, and neither does what the customer did here and was told about.
        var text = state is null or "approved" || (state == "cancelled" && WasCancelledHere(open, paymentId)) ? null : OutcomeTexts.For(state, data);
        if (text is null)
        {
            return new TurnReply("", [], state == "cancelled" ? [new PaymentClosed(paymentId, state)] : []);
        }

        text = string.Join(' ', CardRenderer.Reasons(data).Select(reason => reason.TrimEnd('.') + ".").Prepend(text));
        return new TurnReply(text, [Replies.Message(text, cards.Render([new CardRequest(CardRenderer.Outcome, data)]))], [new PaymentClosed(paymentId, state!)]);
    }

    private static bool WasCancelledHere(OpenTurn open, string paymentId) => open.History.SelectMany(turn => turn.Calls).Any(call =>
        call is { Name: ToolNames.PaymentsCancel, Result: { ValueKind: JsonValueKind.Object } result }
        && result.TryGetProperty("payment", out var payment) && CardElements.Get(payment, "id") == paymentId);
}
