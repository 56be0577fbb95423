namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>
/// "Just send it", "approve it, the code is 123456": says kindly that approval happens on the bank's page only and gives the way there again.
/// A code in the message is read by nobody.
/// </summary>
internal static class ExplainApproval
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var code = CarriesCode(heard.Text);
        if (script.State.Draft is not { } draft)
        {
            script.Suggest("Pay someone");
            return script.Reply(script.Say(code ? "approve_code_nothing" : "approve_nothing"));
        }

        var result = await script.CallAsync(ToolNames.PaymentsStatus, ("paymentId", draft.PaymentId));
        if (result.Failed)
        {
            return Shared.Fail(script, result);
        }

        var payment = result.First("payments");
        if (payment.Text("state") is not ("draft" or "awaiting_approval"))
        {
            return await CheckPaymentStatus.RunAsync(script, heard);
        }

        CheckPaymentStatus.ShowDraft(script, payment);
        return script.Reply(script.Say(code ? "approve_code" : "approve_here"));
    }

    // Wording only: whether something like a code stands in the message, or stood there before it was taken out.
    private static bool CarriesCode(string text) =>
        Understanding.Tokenizer.Tokenize(text).Any(token => token.Shape == Understanding.TokenShape.Number && token.Length is >= 4 and <= 8 && !token.Text.Contains('.', StringComparison.Ordinal))
        || text.Contains("redacted", StringComparison.OrdinalIgnoreCase) || text.Contains("removed", StringComparison.OrdinalIgnoreCase);
}
