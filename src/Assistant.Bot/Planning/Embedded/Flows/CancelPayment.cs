using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"Cancel that": drops what is being asked, or cancels what is prepared.</summary>
internal static class CancelPayment
{
    /// <summary>The name of the open question "shall I cancel that one?".</summary>
    public const string Confirmation = "cancel_payment";

    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var draft = script.State.Draft;
        if (script.State.Task is { } task && task.Skill is not (Confirmation or IntentNames.Amend))
        {
            script.Close("cancelled");
            return script.Reply(draft is null ? script.Say("task_dropped") : script.Say("task_dropped_draft_stays", ("payee", draft.CreditorName)));
        }

        if (draft is not null)
        {
            if (heard.Slots.Payee is { } said && !Shared.IsPronoun(said) && script.State.Task?.Skill != Confirmation
                && NameMatch.Find(said, [draft.CreditorName], name => name).Count == 0)
            {
                script.Await(Confirmation, SlotValues.None, "yes");
                script.Suggest("Yes", "No");
                return script.Reply(script.Say("cancel_other", ("payee", draft.CreditorName)));
            }

            return await CancelAsync(script, draft.PaymentId, draft.CreditorName);
        }

        // Nothing prepared that we know of; the latest payment of this conversation may be on hold.
        var status = await script.CallAsync(ToolNames.PaymentsStatus);
        if (status.Failed)
        {
            return status.ErrorCode == "not_found" ? Nothing(script) : Shared.Fail(script, status);
        }

        var latest = status.First("payments");
        var name = latest.Part("creditor").Text("name") ?? "";
        switch (latest.Text("state"))
        {
            case "draft" or "awaiting_approval" or "approved" or "held" when latest.Text("id") is { } id: return await CancelAsync(script, id, name);
            case "executed": return script.Reply(script.Say("cancel_too_late", ("payee", name)));
            default: return Nothing(script);
        }
    }

    private static async Task<PlannerStep.Reply> CancelAsync(TurnScript script, string paymentId, string payee)
    {
        var result = await script.CallAsync(ToolNames.PaymentsCancel, ("paymentId", paymentId));
        script.Close("done");
        if (result.Failed)
        {
            if (result.ErrorCode is "invalid_payment_state" or "not_found")
            {
                script.Record(new PaymentClosed(paymentId, "unknown"));
            }

            return Shared.Fail(script, result);
        }

        script.Record(new PaymentClosed(paymentId, "cancelled"));
        return script.Reply(script.Say("cancelled", ("payee", result.Data.Part("payment").Part("creditor").Text("name") ?? payee)));
    }

    private static PlannerStep.Reply Nothing(TurnScript script) => script.Reply(script.Say("cancel_nothing"));
}
