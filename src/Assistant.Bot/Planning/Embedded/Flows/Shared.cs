using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>Steps that several flows take.</summary>
internal static class Shared
{
    /// <summary>The kind sentence for a tool's named error.</summary>
    public static string ErrorText(TurnScript script, string? code) => script.Say(script.HasText($"error_{code}") ? $"error_{code}" : "error_other");

    /// <summary>A reply for an error that leaves nothing to correct.</summary>
    public static PlannerStep.Reply Fail(TurnScript script, ToolResult result) => script.Reply(ErrorText(script, result.ErrorCode));

    /// <summary>Choices for the dialogue state, of accounts or payees as tools return them.</summary>
    public static IEnumerable<Choice> ChoicesOf(IEnumerable<JsonElement> items) => items.Select(item => new Choice(item.Text("id") ?? "", item.Text("name") ?? ""));

    public static JsonObject Named(string property, IEnumerable<JsonElement> items) => new() { [property] = JsonSerializer.SerializeToNode(items) };

    /// <summary>Shows accounts to pick from and suggests their names.</summary>
    public static void OfferAccounts(TurnScript script, IReadOnlyList<JsonElement> accounts)
    {
        script.Show(CardKinds.AccountPick, Named("accounts", accounts));
        script.Suggest([.. accounts.Take(4).Select(account => account.Text("name") ?? "")]);
    }

    public static void OfferPayees(TurnScript script, IEnumerable<JsonElement> payees) => script.Show(CardKinds.PayeePick, Named("payees", payees.Take(8)));

    /// <summary>The account money leaves from when none was named: the first current account, else the first account.</summary>
    public static JsonElement MainAccount(IReadOnlyList<JsonElement> accounts) =>
        accounts.FirstOrDefault(account => account.Text("type") == "current") is { ValueKind: JsonValueKind.Object } current ? current : accounts[0];

    /// <summary>Finds the one account said or picked; null when the customer has to choose, with <paramref name="question"/> to ask.</summary>
    public static JsonElement? OneAccount(TurnScript script, IReadOnlyList<JsonElement> accounts, string? id, string? said, string whichText, out string question)
    {
        question = "";
        if (id is not null && accounts.FirstOrDefault(account => account.Text("id") == id) is { ValueKind: JsonValueKind.Object } picked)
        {
            return picked;
        }

        var found = said is null ? [] : NameMatch.Accounts(said, accounts);
        if (found.Count == 1)
        {
            return found[0];
        }

        OfferAccounts(script, found.Count > 1 ? found : accounts);
        question = found.Count > 1 || said is null ? script.Say(whichText) : script.Say("account_unknown", ("account", Words.Quote(said)));
        return null;
    }

    /// <summary>The prepared payment as the bank returned it.</summary>
    public static PreparedPayment Prepared(ToolResult result, string? payeeId, string? creditorAccountId)
    {
        var payment = result.Data.Part("payment");
        return new PreparedPayment(
            payment.Text("id") ?? "",
            payeeId,
            payment.Part("creditor").Text("name") ?? "",
            payment.Part("debtorAccount").Text("id") ?? "",
            payment.Part("debtorAccount").Text("name") ?? "",
            payment.Text("amount") ?? "",
            payment.Text("currency") ?? "",
            payment.Text("reference"),
            result.Data.Text("approveLink"),
            creditorAccountId);
    }

    /// <summary>Says what is prepared, in the bank's figures, and shows the card with the way to approve it.</summary>
    public static PlannerStep.Reply ShowPrepared(TurnScript script, ToolResult result, PreparedPayment payment, string text)
    {
        script.Record(new PaymentPrepared(payment));
        script.Show(CardKinds.PaymentDraft, result.Data);
        script.Suggest("Change the amount", "Cancel it");
        var sentence = script.Say(
            text,
            ("amount", Words.Money(payment.Amount, payment.Currency)),
            ("payee", payment.CreditorAccountId is null ? payment.CreditorName : "your " + Words.Account(payment.CreditorName)),
            ("account", Words.Account(payment.DebtorAccountName)),
            ("reference", string.IsNullOrEmpty(payment.Reference) ? "" : script.Say("reference_part", ("reference", payment.Reference))));
        return script.Reply(script.State.Draft is { } earlier && earlier.PaymentId != payment.PaymentId && !script.Closed(earlier.PaymentId)
            ? script.Say("draft_ready_other", ("text", sentence), ("earlier", earlier.CreditorAccountId is null ? earlier.CreditorName : "your " + Words.Account(earlier.CreditorName)))
            : sentence);
    }

    /// <summary>
    /// After the bank refused a draft: keep everything said and ask for the one thing that has to change, so that "no, 40" is enough.
    /// </summary>
    public static PlannerStep.Reply KeepForCorrection(TurnScript script, string skill, SlotValues slots, string? code)
    {
        var (asked, kept) = code switch
        {
            "account_closed" or "account_frozen" or "account_not_found" => (SlotNames.Account, slots with { Account = null, AccountId = null }),
            "same_account" => (SlotNames.ToAccount, slots with { ToAccount = null, ToAccountId = null }),
            "payee_not_found" => (SlotNames.Payee, slots with { Payee = null, PayeeId = null }),
            "gate_refused" => (SlotNames.Payee, slots with { Payee = null, PayeeId = null, Amount = null }),
            // Another amount or another account: the amount stays, so that "from savings then" is enough as well.
            "insufficient_funds" or "limit_exceeded" => (SlotNames.Amount, slots),
            "amount_too_large" or "amount_too_precise" or "amount_not_positive" or "amount_malformed" or "currency_mismatch"
                => (SlotNames.Amount, slots with { Amount = null, Currency = null }),
            _ => ((string?)null, slots),
        };
        script.Await(skill, kept, asked);
        script.Suggest(code == "insufficient_funds" ? ["What's my balance?", "Cancel"] : ["Cancel"]);
        return script.Reply(ErrorText(script, code));
    }

    /// <summary>A word that stands for the person talked about last.</summary>
    public static bool IsPronoun(string said) =>
        said.Trim().ToLowerInvariant() is "him" or "her" or "them" or "he" or "she" or "they" or "it" or "that person" or "the same person" or "the same" or "same" or "someone" or "somebody" or "a friend" or "someone else" or "somebody else";
}
