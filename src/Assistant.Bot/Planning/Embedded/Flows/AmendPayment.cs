using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"No, 60", "from savings", "to Maya instead": changes the prepared payment. Any change ends an approval that was asked for.</summary>
internal static class AmendPayment
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var slots = heard.Slots;
        if (script.State.Draft is not { } draft)
        {
            script.Suggest("Pay someone", "Move money between my accounts");
            return script.Reply(script.Say("amend_nothing"));
        }

        if (heard.Misread(SlotNames.Amount) && slots.Amount is null)
        {
            script.Await(IntentNames.Amend, slots, SlotNames.Amount);
            return script.Reply(script.Say("amount_unreadable"));
        }

        string? accountId = slots.AccountId;
        var accountSaid = slots.Account ?? (draft.CreditorAccountId is null ? slots.ToAccount : null);
        if (accountId is null && accountSaid is not null)
        {
            var accounts = await script.CallAsync(ToolNames.AccountsList);
            if (accounts.Failed)
            {
                return Failed(script, accounts.ErrorCode);
            }

            if (Shared.OneAccount(script, accounts.Items("accounts"), null, accountSaid, "account_from_which", out var question) is not { } account)
            {
                script.Await(IntentNames.Amend, slots with { Account = null }, SlotNames.Account, Shared.ChoicesOf(accounts.Items("accounts")));
                return script.Reply(question);
            }

            accountId = account.Text("id");
        }

        if (draft.CreditorAccountId is not null && (slots.ToAccount ?? slots.Payee) is { } otherEnd)
        {
            return await ReplaceTransferAsync(script, draft, slots, otherEnd, accountId);
        }

        string? payeeId = slots.PayeeId;
        if (payeeId is null && slots.Payee is { } said && !Shared.IsPronoun(said))
        {
            var payees = await script.CallAsync(ToolNames.PayeesList);
            if (payees.Failed)
            {
                return Failed(script, payees.ErrorCode);
            }

            var found = NameMatch.Find(said, payees.Items("payees"), item => item.Text("name") ?? "");
            if (found.Count > 1)
            {
                script.Await(IntentNames.Amend, slots with { Payee = null }, SlotNames.Payee, Shared.ChoicesOf(found));
                Shared.OfferPayees(script, found);
                return script.Reply(script.Say("pay_who_exactly"));
            }

            if (found.Count == 0)
            {
                script.Await(IntentNames.Amend, slots with { Payee = null }, SlotNames.Payee);
                script.Suggest($"Add {Words.Quote(said)} as a payee", "Show my payees", "Cancel the payment");
                return script.Reply(script.Say("amend_unknown", ("payee", Words.Quote(said))));
            }

            payeeId = found[0].Text("id");
        }

        if (slots.Amount is null && accountId is null && payeeId is null && slots.Reference is null)
        {
            if (heard.FieldSlot is { } field)
            {
                script.Await(IntentNames.Amend, SlotValues.None, field);
                return script.Reply(script.Say($"amend_{field}"));
            }

            script.Suggest("Change the amount", "Change the payee", "Change the account", "Change the reference");
            return script.Reply(script.Say("amend_what"));
        }

        var result = await script.CallAsync(
            ToolNames.PaymentsAmend,
            ("paymentId", draft.PaymentId),
            ("amount", slots.Amount),
            ("debtorAccountId", accountId),
            ("payeeId", payeeId),
            ("reference", slots.Reference));
        if (result.Failed)
        {
            if (result.ErrorCode is "invalid_payment_state" or "not_found")
            {
                script.Record(new PaymentClosed(draft.PaymentId, "unknown"));
                script.Close("done");
                return script.Reply(Shared.ErrorText(script, result.ErrorCode));
            }

            return Failed(script, result.ErrorCode);
        }

        script.Close("done");
        return Shared.ShowPrepared(script, result, Shared.Prepared(result, payeeId ?? draft.PayeeId, draft.CreditorAccountId), "draft_changed");
    }

    // The bank amends no receiving account of a transfer between own accounts: a new one takes the old one's place.
    private static async Task<PlannerStep.Reply> ReplaceTransferAsync(TurnScript script, PreparedPayment draft, SlotValues slots, string otherEnd, string? accountId)
    {
        var accounts = await script.CallAsync(ToolNames.AccountsList);
        if (accounts.Failed)
        {
            return Failed(script, accounts.ErrorCode);
        }

        if (Shared.OneAccount(script, accounts.Items("accounts"), null, otherEnd, "account_to_which", out var question) is not { } account)
        {
            script.Await(IntentNames.Amend, slots with { ToAccount = null, Payee = null }, SlotNames.ToAccount, Shared.ChoicesOf(accounts.Items("accounts")));
            return script.Reply(question);
        }

        var created = await script.CallAsync(
            ToolNames.PaymentsDraft,
            ("debtorAccountId", accountId ?? draft.DebtorAccountId),
            ("creditorAccountId", account.Text("id")),
            ("amount", slots.Amount ?? draft.Amount),
            ("currency", draft.Currency),
            ("reference", slots.Reference ?? draft.Reference));
        if (created.Failed)
        {
            return Failed(script, created.ErrorCode);
        }

        var cancelled = await script.CallAsync(ToolNames.PaymentsCancel, ("paymentId", draft.PaymentId));
        script.Close("done");
        if (!cancelled.Failed)
        {
            script.Record(new PaymentClosed(draft.PaymentId, "cancelled"));
        }

        return Shared.ShowPrepared(script, created, Shared.Prepared(created, null, account.Text("id")), "draft_changed");
    }

    private static PlannerStep.Reply Failed(TurnScript script, string? code)
    {
        // The draft is as it was, so a further correction needs no open task.
        script.Close("done");
        script.Suggest("Change the amount", "Cancel it");
        return script.Reply(script.Say("amend_failed", ("error", Shared.ErrorText(script, code))));
    }
}
