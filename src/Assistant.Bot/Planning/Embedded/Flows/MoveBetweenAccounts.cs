using System.Text.Json;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"Move 200 from savings to current": both ends are the customer's own; an end that was not said is the main account, or asked.</summary>
internal static class MoveBetweenAccounts
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var slots = heard.Slots;
        var result = await script.CallAsync(ToolNames.AccountsList);
        if (result.Failed)
        {
            return Shared.KeepForCorrection(script, IntentNames.OwnTransfer, slots, result.ErrorCode);
        }

        var accounts = result.Items("accounts");
        if (accounts.Count == 0)
        {
            return script.Reply(script.Say("no_accounts"));
        }

        JsonElement? from = null;
        JsonElement? to = null;
        if (slots.Account is not null || slots.AccountId is not null)
        {
            from = Shared.OneAccount(script, accounts, slots.AccountId, slots.Account, "account_from_which", out var question);
            if (from is null)
            {
                script.Await(IntentNames.OwnTransfer, slots with { Account = null }, SlotNames.Account, Shared.ChoicesOf(accounts));
                return script.Reply(question);
            }

            slots = slots with { Account = null, AccountId = from.Value.Text("id") };
        }

        // "Maya" is nobody's account, but "the holiday fund" may be tagged like a payee.
        var toSaid = slots.ToAccount ?? slots.Payee;
        if (toSaid is not null || slots.ToAccountId is not null)
        {
            to = Shared.OneAccount(script, accounts, slots.ToAccountId, toSaid, "account_to_which", out var question);
            if (to is null)
            {
                script.Await(IntentNames.OwnTransfer, slots with { ToAccount = null, Payee = null }, SlotNames.ToAccount, Shared.ChoicesOf(accounts));
                return script.Reply(question);
            }

            slots = slots with { ToAccount = null, Payee = null, ToAccountId = to.Value.Text("id") };
        }

        if (to is null)
        {
            to = Other(accounts, from ?? Shared.MainAccount(accounts), preferred: from is null ? "savings" : "current");
            if (to is null)
            {
                var others = accounts.Where(account => account.Text("id") != (from ?? Shared.MainAccount(accounts)).Text("id")).ToList();
                Shared.OfferAccounts(script, others);
                script.Await(IntentNames.OwnTransfer, slots, SlotNames.ToAccount, Shared.ChoicesOf(others));
                return script.Reply(script.Say("account_to_which"));
            }
        }

        if (from is null)
        {
            from = Other(accounts, to.Value, preferred: "current");
            if (from is null)
            {
                var others = accounts.Where(account => account.Text("id") != to.Value.Text("id")).ToList();
                Shared.OfferAccounts(script, others);
                script.Await(IntentNames.OwnTransfer, slots, SlotNames.Account, Shared.ChoicesOf(others));
                return script.Reply(script.Say("account_from_which"));
            }
        }

        slots = slots with { AccountId = from.Value.Text("id"), ToAccountId = to.Value.Text("id") };
        if (slots.AccountId == slots.ToAccountId)
        {
            return Shared.KeepForCorrection(script, IntentNames.OwnTransfer, slots, "same_account");
        }

        if (slots.Amount is null)
        {
            script.Await(IntentNames.OwnTransfer, slots, SlotNames.Amount);
            return script.Reply(script.Say(heard.Misread(SlotNames.Amount) ? "amount_unreadable" : "transfer_amount"));
        }

        var draft = await script.CallAsync(
            ToolNames.PaymentsDraft,
            ("debtorAccountId", slots.AccountId),
            ("creditorAccountId", slots.ToAccountId),
            ("amount", slots.Amount),
            ("currency", slots.Currency ?? from.Value.Text("currency") ?? "GBP"),
            ("reference", slots.Reference));
        if (draft.Failed)
        {
            return Shared.KeepForCorrection(script, IntentNames.OwnTransfer, slots, draft.ErrorCode);
        }

        script.Close("done");
        return Shared.ShowPrepared(script, draft, Shared.Prepared(draft, null, slots.ToAccountId), "draft_ready");
    }

    /// <summary>The account at the other end when it can only be one: the preferred kind if there is one of it, or the only other account.</summary>
    private static JsonElement? Other(IReadOnlyList<JsonElement> accounts, JsonElement known, string preferred)
    {
        var others = accounts.Where(account => account.Text("id") != known.Text("id")).ToList();
        var fitting = others.Where(account => account.Text("type") == preferred).ToList();
        return preferred == "current" && fitting.Count > 0 ? fitting[0] : fitting.Count == 1 ? fitting[0] : others.Count == 1 ? others[0] : null;
    }
}
