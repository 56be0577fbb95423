using Assistant.Bot.Planning.Embedded.Flows;
using Assistant.Bot.Understanding;
using Assistant.Bot.Understanding.Values;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>What a flow is given: the slots known by now, what could not be read in this message, and the message itself.</summary>
internal sealed record Heard(SlotValues Slots, IReadOnlyList<string> Unreadable, string Text, string? Field = null, SlotValues? Next = null)
{
    /// <summary>All of what was made of a message.</summary>
    public static Heard Of(Utterance utterance)
    {
        var field = utterance.Slots.FirstOrDefault(slot => slot.Slot == SlotNames.Field)?.Text;
        var heard = new Heard(utterance.Values, utterance.Unreadable, utterance.Text, field);
        var payees = utterance.Slots.Where(slot => slot.Slot == SlotNames.Payee).ToList();
        var amounts = utterance.Slots.Where(slot => slot.Slot == SlotNames.Amount).ToList();
        var each = amounts.Count == 1 && utterance.Text.Contains(" each", StringComparison.OrdinalIgnoreCase);
        if (payees.Count < 2 || (amounts.Count < 2 && !each) || !AmountParser.TryParse((each ? amounts[0] : amounts[1]).Text, out var amount))
        {
            return heard;
        }

        // "pay Tom 20 for lunch and Priya 30 for the taxi": what stands behind the second payee or amount belongs to the second payment.
        var second = each ? payees[1].Start : Math.Min(payees[1].Start, amounts[1].Start);
        string? Reference(Func<FoundSlot, bool> where) => utterance.Slots.FirstOrDefault(slot => slot.Slot == SlotNames.Reference && where(slot))?.Text.Trim('"', '\'', '“', '”', ' ');
        return heard with
        {
            Slots = utterance.Values with { Reference = Reference(slot => slot.Start < second) },
            Next = SlotValues.None with { Payee = payees[1].Text, Amount = amount.Amount, Currency = amount.Currency, Account = utterance.Values.Account, Reference = Reference(slot => slot.Start > second) },
        };
    }

    /// <summary>The slot a correction names without its value, or null.</summary>
    public string? FieldSlot => Field?.ToLowerInvariant() switch
    {
        "amount" or "sum" or "figure" or "price" or "total" => SlotNames.Amount,
        "payee" or "person" or "recipient" or "name" or "him" or "her" or "who" => SlotNames.Payee,
        "account" => SlotNames.Account,
        "reference" or "ref" or "message" or "note" or "text" => SlotNames.Reference,
        _ => null,
    };

    public bool Misread(string slot) => Unreadable.Contains(slot);
}

/// <summary>Something the assistant can do.</summary>
/// <param name="Intent">The intent that starts it; also its name in the dialogue state.</param>
/// <param name="Needs">The slots it cannot do without, in the order asked. What it does not need it fills with defaults.</param>
/// <param name="Tools">The tools it may call.</param>
/// <param name="Run">The flow.</param>
/// <param name="FollowUp">Whether "and savings?" or "what about last month?" asks it again with another value.</param>
internal sealed record Skill(string Intent, string[] Needs, string[] Tools, Func<TurnScript, Heard, Task<PlannerStep.Reply>> Run, bool FollowUp = false);

/// <summary>The table of skills: from what the customer wants to the tools that are called for it.</summary>
internal static class Skills
{
    public static IReadOnlyList<Skill> All { get; } =
    [
        new(IntentNames.Balance, [], [ToolNames.AccountsList], CheckBalance.RunAsync, FollowUp: true),
        new(IntentNames.Transactions, [], [ToolNames.AccountsList, ToolNames.TransactionsSearch], FindTransactions.RunAsync, FollowUp: true),
        new(IntentNames.Spending, [], [ToolNames.AccountsList, ToolNames.InsightsSpending, ToolNames.TransactionsSearch], SumSpending.RunAsync, FollowUp: true),
        new(IntentNames.ListPayees, [], [ToolNames.PayeesList], ListPayees.RunAsync),
        new(IntentNames.PayPayee, [SlotNames.Payee, SlotNames.Amount], [ToolNames.PayeesList, ToolNames.PayeesPropose, ToolNames.AccountsList, ToolNames.PaymentsDraft], PayPayee.RunAsync),
        new(IntentNames.OwnTransfer, [SlotNames.ToAccount, SlotNames.Amount], [ToolNames.AccountsList, ToolNames.PaymentsDraft], MoveBetweenAccounts.RunAsync),
        new(IntentNames.AddPayee, [SlotNames.Payee], [ToolNames.PayeesPropose], AddPayee.RunAsync),
        new(IntentNames.Amend, [], [ToolNames.PayeesList, ToolNames.PayeesPropose, ToolNames.AccountsList, ToolNames.PaymentsAmend, ToolNames.PaymentsDraft, ToolNames.PaymentsCancel], AmendPayment.RunAsync),
        new(IntentNames.Cancel, [], [ToolNames.PaymentsStatus, ToolNames.PaymentsCancel], CancelPayment.RunAsync),
        new(IntentNames.PaymentStatus, [], [ToolNames.PaymentsStatus], CheckPaymentStatus.RunAsync),
        new(IntentNames.Approve, [], [ToolNames.PaymentsStatus], ExplainApproval.RunAsync),
        new(IntentNames.Help, [], [ToolNames.HelpTopic], GiveHelp.RunAsync),
        new(IntentNames.Security, [], [ToolNames.HelpTopic], GiveHelp.SecurityAsync),
    ];

    private static readonly Dictionary<string, Skill> ByIntent = All.ToDictionary(skill => skill.Intent, StringComparer.Ordinal);

    public static Skill? Find(string intent) => ByIntent.GetValueOrDefault(intent);
}
