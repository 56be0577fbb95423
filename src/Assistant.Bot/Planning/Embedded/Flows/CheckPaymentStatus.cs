using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"Did it go through?": the bank's own word for where the payment is.</summary>
internal static class CheckPaymentStatus
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var result = await script.CallAsync(ToolNames.PaymentsStatus);
        if (result.Failed && result.ErrorCode != "not_found")
        {
            return Shared.Fail(script, result);
        }

        var payments = result.Items("payments");
        if (heard.Slots.Payee is { } said && !Shared.IsPronoun(said))
        {
            payments = NameMatch.Find(said, payments, payment => payment.Part("creditor").Text("name") ?? "");
        }

        if (payments.Count == 0)
        {
            script.Suggest("Show my transactions", "Pay someone");
            return script.Reply(script.Say("status_none"));
        }

        var latest = payments[0];
        var state = latest.Text("state") ?? "";
        if (state is "draft" or "awaiting_approval")
        {
            ShowDraft(script, latest);
        }
        else if (script.State.Draft?.PaymentId is { } open && open == latest.Text("id") && state is not "approved")
        {
            script.Record(new PaymentClosed(open, state));
        }

        return script.Reply(Sentence(script, latest));
    }

    /// <summary>The payment's card, with the link the bank gave when it was prepared.</summary>
    public static void ShowDraft(TurnScript script, JsonElement payment)
    {
        var data = new JsonObject { ["payment"] = JsonSerializer.SerializeToNode(payment) };
        if (script.State.Draft is { ApproveLink: { } link } draft && draft.PaymentId == payment.Text("id"))
        {
            data["approveLink"] = link;
        }

        script.Show(CardKinds.PaymentDraft, data);
        script.Suggest("Change the amount", "Cancel it");
    }

    private static string Sentence(TurnScript script, JsonElement payment)
    {
        var name = $"status_{payment.Text("state")}";
        return script.Say(
            script.HasText(name) ? name : "status_unknown",
            ("amount", Words.Money(payment.Text("amount"), payment.Text("currency"))),
            ("payee", payment.Part("creditor").Text("name") ?? ""));
    }
}
