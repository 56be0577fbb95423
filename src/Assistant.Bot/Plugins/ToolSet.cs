using Assistant.Bot.Cards;
using Assistant.Bot.Delegation;
using Assistant.Bot.Help;
using Assistant.Bot.Planning;
using Assistant.Bot.Plugins.Accounts;
using Assistant.Bot.Plugins.Help;
using Assistant.Bot.Plugins.Insights;
using Assistant.Bot.Plugins.Payees;
using Assistant.Bot.Plugins.Payments;
using Assistant.Bot.Plugins.Transactions;
using Banking.Client;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Plugins;

/// <summary>
/// Every tool there is. None executes, approves, adds a payee or touches a credential, and none takes free-form input to act on:
/// what is not here, no planner can do.
/// </summary>
internal sealed class ToolSet(BankingApiClient api, DelegatedTokens tokens, HelpLibrary help, CardRenderer cards, Hosting.AssistantSettings settings, TimeProvider clock)
{
    /// <summary>Tools that prepare or change something; at most one of them per step.</summary>
    public static readonly IReadOnlySet<string> Consequential =
        new HashSet<string>(StringComparer.Ordinal) { ToolNames.PayeesPropose, ToolNames.PaymentsDraft, ToolNames.PaymentsAmend, ToolNames.PaymentsCancel };

    /// <summary>The tools' names, descriptions and schemas.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Declarations =>
        field ??= [.. Create(new ToolCall(0, "", "", "")).Select(tool => tool.AsDeclarationOnly())];

    /// <summary>The tools for one call.</summary>
    public IReadOnlyList<AIFunction> Create(ToolCall call)
    {
        var bank = new BankSession(api, tokens, clock, call);
        return
        [
            Make(ToolNames.AccountsList, new ListAccounts(bank).InvokeAsync),
            Make(ToolNames.TransactionsSearch, new SearchTransactions(bank).InvokeAsync),
            Make(ToolNames.InsightsSpending, new SumSpending(bank).InvokeAsync),
            Make(ToolNames.PayeesList, new ListPayees(bank).InvokeAsync),
            Make(ToolNames.PayeesPropose, new ProposePayee(bank, settings.WebBaseAddress).InvokeAsync),
            Make(ToolNames.PaymentsDraft, new DraftPayment(bank, cards.ApproveLink).InvokeAsync),
            Make(ToolNames.PaymentsAmend, new Payments.AmendPayment(bank, cards.ApproveLink).InvokeAsync),
            Make(ToolNames.PaymentsStatus, new GetPaymentStatus(bank).InvokeAsync),
            Make(ToolNames.PaymentsCancel, new CancelPayment(bank).InvokeAsync),
            Make(ToolNames.HelpTopic, new HelpTopic(help).Invoke),
        ];
    }

    private static AIFunction Make(string name, Delegate method) => AIFunctionFactory.Create(
        method,
        new AIFunctionFactoryOptions
        {
            Name = name,
            SerializerOptions = BankSession.Json,
            JsonSchemaCreateOptions = new AIJsonSchemaCreateOptions { TransformOptions = new AIJsonSchemaTransformOptions { DisallowAdditionalProperties = true } },
        });
}
