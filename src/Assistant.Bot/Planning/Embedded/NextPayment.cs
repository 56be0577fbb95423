using Assistant.Bot.Planning.Embedded.Flows;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>The second of two payments asked for in one message: kept while the first is prepared, then offered.</summary>
internal static class NextPayment
{
    /// <summary>The payment as the customer would ask for it again.</summary>
    public static string Suggestion(SlotValues payment) => $"Pay {payment.Payee} {Money(payment)}";

    /// <summary>The payment in a sentence.</summary>
    public static string Words(SlotValues payment) => $"{Money(payment)} to {Embedded.Words.Quote(payment.Payee ?? "")}";

    /// <summary>Once it is asked for or declined there is nothing left to remember.</summary>
    public static void ForgetIfAsked(TurnScript script, SlotValues asked)
    {
        if (script.State.NextPayment is { } next && string.Equals(next.Payee, asked.Payee, StringComparison.OrdinalIgnoreCase))
        {
            script.Record(new PaymentRemembered(null));
        }
    }

    /// <summary>Offers it when <paramref name="reply"/> closes the payment before.</summary>
    public static PlannerStep.Reply Offer(TurnScript script, PlannerStep.Reply reply) =>
        script.State.NextPayment is { } next && reply.Events.Any(happened => happened is PaymentClosed)
            ? reply with { Text = script.Say("next_payment", ("text", reply.Text), ("next", Words(next))), SuggestedReplies = [Suggestion(next), .. reply.SuggestedReplies.Take(3)] }
            : reply;

    private static string Money(SlotValues payment) => Embedded.Words.Money(payment.Amount, payment.Currency ?? "GBP");
}
