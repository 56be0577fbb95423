namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"How much is in savings?"</summary>
internal static class CheckBalance
{
    public static async Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var result = await script.CallAsync(ToolNames.AccountsList);
        if (result.Failed)
        {
            return Shared.Fail(script, result);
        }

        var accounts = result.Items("accounts");
        if (accounts.Count == 0)
        {
            return script.Reply(script.Say("no_accounts"));
        }

        script.Record(new QuestionAnswered(new AnsweredQuestion(Understanding.IntentNames.Balance, heard.Slots)));
        var said = heard.Slots.Account ?? heard.Slots.ToAccount;
        var found = heard.Slots.AccountId is { } id ? accounts.Where(account => account.Text("id") == id).ToList()
            : said is null ? [] : NameMatch.Accounts(said, accounts);
        if (said is not null && found.Count == 0)
        {
            script.Show(CardKinds.Balance, Shared.Named("accounts", accounts));
            return script.Reply(script.Say("account_unknown", ("account", Words.Quote(said))));
        }

        var shown = found.Count > 0 ? found : accounts;
        script.Show(CardKinds.Balance, Shared.Named("accounts", shown));
        script.Suggest("Show my transactions", "How much did I spend this month?", "Pay someone");
        if (shown.Count > 1)
        {
            return script.Reply(script.Say(found.Count > 1 ? "balance_some" : "balance_many"));
        }

        var one = shown[0];
        var available = Words.Money(one.Text("available"), one.Text("currency"));
        var booked = Words.Money(one.Text("booked"), one.Text("currency"));
        return script.Reply(script.Say(
            available == booked ? "balance_one" : "balance_one_booked",
            ("account", Words.Account(one.Text("name") ?? "")), ("available", available), ("booked", booked)));
    }
}
