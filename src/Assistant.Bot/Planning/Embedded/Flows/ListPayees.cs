namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"Who can I pay?"</summary>
internal static class ListPayees
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var result = await script.CallAsync(ToolNames.PayeesList);
        if (result.Failed)
        {
            return Shared.Fail(script, result);
        }

        var payees = result.Items("payees");
        if (heard.Slots.Payee is { } said && !Shared.IsPronoun(said))
        {
            var found = NameMatch.Find(said, payees, payee => payee.Text("name") ?? "");
            if (found.Count == 0)
            {
                // "yes" opens the page with this name.
                script.Await(Understanding.IntentNames.AddPayee, SlotValues.None with { Payee = said }, null);
                script.Suggest("Yes", "Show my payees");
                return script.Reply(script.Say("payee_not_saved", ("payee", Words.Quote(said))));
            }

            Shared.OfferPayees(script, found);
            return script.Reply(found.Count == 1 ? script.Say("payee_saved", ("payee", found[0].Text("name") ?? "")) : script.Say("payees_all"));
        }

        if (payees.Count == 0)
        {
            return script.Reply(script.Say("payees_none"));
        }

        script.Show(CardKinds.PayeePick, result.Data);
        script.Suggest("Add a payee");
        return script.Reply(script.Say("payees_all"));
    }
}
