using System.Text.Json.Nodes;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"Add Rosie's Cakes as a payee": opens the bank's own page, filled in. Nothing is saved from the chat.</summary>
internal static class AddPayee
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var slots = heard.Slots;
        if (heard.Misread(SlotNames.Iban) && slots.Iban is null)
        {
            script.Await(IntentNames.AddPayee, slots, slots.Payee is null ? SlotNames.Payee : SlotNames.Iban);
            return script.Reply(script.Say("iban_wrong"));
        }

        if (slots.Payee is null || Shared.IsPronoun(slots.Payee))
        {
            script.Await(IntentNames.AddPayee, slots with { Payee = null }, SlotNames.Payee);
            return script.Reply(script.Say("add_payee_name"));
        }

        var name = Words.Sentence(FindTransactions.Bare(slots.Payee));
        var result = await script.CallAsync(ToolNames.PayeesPropose, ("name", name), ("iban", slots.Iban));
        if (result.Failed || result.Data.Text("link") is not { } link)
        {
            script.Await(IntentNames.AddPayee, slots, result.ErrorCode == "iban_invalid" ? SlotNames.Iban : SlotNames.Payee);
            return script.Reply(Shared.ErrorText(script, result.ErrorCode));
        }

        script.Close("done");
        script.Show(CardKinds.Link, new JsonObject { ["title"] = script.Say("title_add_payee"), ["link"] = link });
        return script.Reply(script.Say("add_payee_link", ("payee", Words.Quote(name))));
    }
}
