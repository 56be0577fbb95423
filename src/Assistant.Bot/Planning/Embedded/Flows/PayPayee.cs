using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"Pay Maya £60": find the payee, ask for what is missing, prepare the payment. The customer approves it on the bank's page.</summary>
internal static class PayPayee
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var slots = heard.Slots;
        if (slots.Payee is { } pronoun && Shared.IsPronoun(pronoun))
        {
            // "pay him another 20" goes to whoever the last payment was for.
            slots = slots with { Payee = null, PayeeId = slots.PayeeId ?? script.State.Draft?.PayeeId };
        }

        var payees = await script.CallAsync(ToolNames.PayeesList);
        if (payees.Failed)
        {
            return Shared.KeepForCorrection(script, IntentNames.PayPayee, slots, payees.ErrorCode);
        }

        var payee = slots.PayeeId is { } id ? payees.Items("payees").Where(item => item.Text("id") == id).ToList() : [];
        if (payee.Count == 0)
        {
            var named = slots.Payee is null ? Mentioned(heard, payees.Items("payees")) : [];
            var said = slots.Payee ?? (named is [var only] ? only.Text("name") : null);
            if (named.Count > 1)
            {
                return WhoExactly(script, slots, named);
            }

            if (said is null)
            {
                script.Await(IntentNames.PayPayee, slots, SlotNames.Payee, Shared.ChoicesOf(payees.Items("payees").Take(8)));
                if (payees.Items("payees").Count > 0)
                {
                    Shared.OfferPayees(script, payees.Items("payees"));
                }

                return script.Reply(script.Say("pay_who"));
            }

            var found = NameMatch.Find(said, payees.Items("payees"), item => item.Text("name") ?? "");
            if (found.Count > 1)
            {
                return WhoExactly(script, slots, found);
            }

            if (found.Count == 0)
            {
                return await UnknownAsync(script, slots, said);
            }

            payee = [found[0]];
        }

        slots = slots with { PayeeId = payee[0].Text("id"), Payee = null };
        if (slots.Amount is null)
        {
            script.Await(IntentNames.PayPayee, slots, SlotNames.Amount);
            return script.Reply(heard.Misread(SlotNames.Amount) ? script.Say("amount_unreadable") : script.Say("pay_amount", ("payee", payee[0].Text("name") ?? "")));
        }

        var accounts = await script.CallAsync(ToolNames.AccountsList);
        if (accounts.Failed)
        {
            return Shared.KeepForCorrection(script, IntentNames.PayPayee, slots, accounts.ErrorCode);
        }

        if (accounts.Items("accounts").Count == 0)
        {
            return script.Reply(script.Say("no_accounts"));
        }

        var account = Shared.MainAccount(accounts.Items("accounts"));
        if (slots.Account is not null || slots.AccountId is not null)
        {
            if (Shared.OneAccount(script, accounts.Items("accounts"), slots.AccountId, slots.Account, "account_from_which", out var question) is not { } chosen)
            {
                script.Await(IntentNames.PayPayee, slots with { Account = null }, SlotNames.Account, Shared.ChoicesOf(accounts.Items("accounts")));
                return script.Reply(question);
            }

            account = chosen;
        }

        var draft = await script.CallAsync(
            ToolNames.PaymentsDraft,
            ("debtorAccountId", account.Text("id")),
            ("payeeId", slots.PayeeId),
            ("amount", slots.Amount),
            ("currency", slots.Currency ?? account.Text("currency") ?? "GBP"),
            ("reference", slots.Reference));
        if (draft.Failed)
        {
            return Shared.KeepForCorrection(script, IntentNames.PayPayee, slots, draft.ErrorCode);
        }

        script.Close("done");
        return Shared.ShowPrepared(script, draft, Shared.Prepared(draft, slots.PayeeId, null), "draft_ready");
    }

    // Payees whose names stand in the message although none was made out as its payee; what it is for and where from name nobody.
    private static IReadOnlyList<JsonElement> Mentioned(Heard heard, IReadOnlyList<JsonElement> payees)
    {
        var text = heard.Text;
        foreach (var part in (string?[])[heard.Slots.Reference, heard.Slots.Account, heard.Slots.ToAccount])
        {
            text = string.IsNullOrEmpty(part) ? text : text.Replace(part, " ", StringComparison.OrdinalIgnoreCase);
        }

        return NameMatch.Mentioned(text, payees, item => item.Text("name") ?? "");
    }

    private static PlannerStep.Reply WhoExactly(TurnScript script, SlotValues slots, IReadOnlyList<JsonElement> found)
    {
        script.Await(IntentNames.PayPayee, slots, SlotNames.Payee, Shared.ChoicesOf(found));
        Shared.OfferPayees(script, found);
        script.Suggest([.. found.Take(4).Select(item => item.Text("name") ?? "")]);
        return script.Reply(script.Say("pay_who_exactly"));
    }

    private static async Task<PlannerStep.Reply> UnknownAsync(TurnScript script, SlotValues slots, string said)
    {
        var name = FindTransactions.Bare(said);
        var proposal = await script.CallAsync(ToolNames.PayeesPropose, ("name", Words.Sentence(name)), ("iban", slots.Iban));
        // Everything else stays, so that the payment goes on once the payee exists or another name is given.
        script.Await(IntentNames.PayPayee, slots with { PayeeId = null }, SlotNames.Payee);
        script.Suggest("Show my payees", "Cancel");
        if (!proposal.Failed && proposal.Data.Text("link") is { } link)
        {
            script.Show(CardKinds.Link, new JsonObject { ["title"] = script.Say("title_add_payee"), ["link"] = link });
        }

        return script.Reply(script.Say("pay_unknown", ("payee", Words.Quote(name))));
    }
}
