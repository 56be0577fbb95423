using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Planning;

/// <summary>
/// Decides what happens next in a conversation: tools to call, or words to say. A planner has no power of its own: every call it
/// asks for goes through the gate and the bank's own checks, and everything it returns is treated as hostile input.
/// </summary>
public interface IPlanner
{
    /// <summary>The name that the turn journal records, for example <c>embedded</c>.</summary>
    string Name { get; }

    /// <summary>
    /// The next step of the turn. Called again with the results of the tools it asked for until it replies. The answer depends
    /// on nothing but <paramref name="turn"/>, so that a turn cut short by a crash goes on where it was.
    /// </summary>
    Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken);
}

/// <summary>All that a planner may know about a turn.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="TurnId">The turn; call ids are made from it.</param>
/// <param name="Now">The instant the customer's input arrived; the same for every step of the turn.</param>
/// <param name="Zone">The bank's time zone, in which "today" and "last month" are meant.</param>
/// <param name="Messages">The redacted history. Last comes the customer's message or the tool results of this turn.</param>
/// <param name="Tools">The tools the bank offers in this conversation.</param>
/// <param name="State">The state before this turn plus the events of this turn's earlier steps.</param>
/// <param name="Input">What started the turn.</param>
public sealed record PlannerTurn(
    string ConversationId,
    string TurnId,
    DateTimeOffset Now,
    TimeZoneInfo Zone,
    IReadOnlyList<ChatMessage> Messages,
    IReadOnlyList<AIFunctionDeclaration> Tools,
    DialogueState State,
    CustomerInput Input);

/// <summary>What a planner decided.</summary>
public abstract record PlannerStep
{
    private PlannerStep()
    {
    }

    /// <summary>Call these tools (in order), then ask the planner again.</summary>
    public sealed record CallTools(IReadOnlyList<FunctionCallContent> Calls, IReadOnlyList<DialogueEvent> Events) : PlannerStep;

    /// <summary>Say this; the turn is over.</summary>
    public sealed record Reply(
        string Text,
        IReadOnlyList<CardRequest> Cards,
        IReadOnlyList<string> SuggestedReplies,
        IReadOnlyList<DialogueEvent> Events) : PlannerStep;
}

/// <summary>What started a turn.</summary>
public abstract record CustomerInput
{
    private CustomerInput()
    {
    }

    /// <summary>The customer wrote something (already redacted).</summary>
    public sealed record Text(string Value) : CustomerInput;

    /// <summary>The customer pressed a button of a card we sent. <paramref name="Action"/> is one of <see cref="CardActions"/>.</summary>
    public sealed record CardTap(string Action, JsonElement Values) : CustomerInput;

    /// <summary>The bank reports something (CloudEvents type and data), such as a payment that changed its state.</summary>
    public sealed record Event(string Type, JsonElement Data) : CustomerInput;
}

/// <summary>A card to show. The renderer takes its figures from <paramref name="Data"/>, which is a tool's result as it came.</summary>
public sealed record CardRequest(string Kind, JsonElement Data);

/// <summary>The kinds of <see cref="CardRequest"/>.</summary>
public static class CardKinds
{
    /// <summary>Data: <c>{accounts:[...]}</c> of accounts_list, narrowed to those asked about.</summary>
    public const string Balance = "balance";

    /// <summary>Data: <c>{transactions:[...]}</c> of transactions_search.</summary>
    public const string Transactions = "transactions";

    /// <summary>Data: the result of insights_spending.</summary>
    public const string Spending = "spending";

    /// <summary>Data: <c>{payment,approveLink}</c> of payments_draft or payments_amend.</summary>
    public const string PaymentDraft = "payment_draft";

    /// <summary>Data: <c>{payees:[{id,name,iban}]}</c>; each is a button with action <see cref="CardActions.PickPayee"/>.</summary>
    public const string PayeePick = "payee_pick";

    /// <summary>Data: <c>{accounts:[...]}</c>; each is a button with action <see cref="CardActions.PickAccount"/>.</summary>
    public const string AccountPick = "account_pick";

    /// <summary>Data: <c>{title,text,links:[{title,url}]}</c> of help_topic.</summary>
    public const string Help = "help";

    /// <summary>Data: <c>{title,link}</c>; one button that opens a page of the bank.</summary>
    public const string Link = "link";
}

/// <summary>The actions behind the buttons of our cards.</summary>
public static class CardActions
{
    /// <summary>Values: <c>{payeeId,name}</c>.</summary>
    public const string PickPayee = "pick_payee";

    /// <summary>Values: <c>{accountId,name}</c>.</summary>
    public const string PickAccount = "pick_account";

    /// <summary>Values: <c>{paymentId}</c>.</summary>
    public const string CancelPayment = "cancel_payment";

    /// <summary>Values: <c>{text}</c>: the same as writing it.</summary>
    public const string Say = "say";
}

/// <summary>Names of the tools a planner may ask for.</summary>
public static class ToolNames
{
    /// <summary>{} -> {accounts:[{id,name,type,iban,currency,booked,available}]}.</summary>
    public const string AccountsList = "accounts_list";

    /// <summary>{accountId?,from?,to?,text?,category?,limit?} -> {transactions:[...]}.</summary>
    public const string TransactionsSearch = "transactions_search";

    /// <summary>{from,to,accountId?} -> {from,to,currency,total,categories:[{category,amount,count}]}.</summary>
    public const string InsightsSpending = "insights_spending";

    /// <summary>{name?} -> {payees:[{id,name,iban}]}.</summary>
    public const string PayeesList = "payees_list";

    /// <summary>{name,iban?} -> {link}; creates nothing.</summary>
    public const string PayeesPropose = "payees_propose";

    /// <summary>{debtorAccountId,payeeId?,creditorAccountId?,amount,currency,reference?} -> {payment,approveLink}.</summary>
    public const string PaymentsDraft = "payments_draft";

    /// <summary>{paymentId,amount?,debtorAccountId?,payeeId?,reference?} -> {payment,approveLink}.</summary>
    public const string PaymentsAmend = "payments_amend";

    /// <summary>{paymentId?} -> {payments:[...]}; without an id the latest of this conversation.</summary>
    public const string PaymentsStatus = "payments_status";

    /// <summary>{paymentId} -> {payment}.</summary>
    public const string PaymentsCancel = "payments_cancel";

    /// <summary>{topic} -> {title,text,links[]}.</summary>
    public const string HelpTopic = "help_topic";
}
