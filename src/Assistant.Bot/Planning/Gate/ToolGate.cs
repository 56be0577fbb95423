using System.Globalization;
using System.Text.Json;
using Assistant.Bot.Plugins;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Planning.Gate;

/// <summary>Stands before every tool.</summary>
internal interface IToolGate
{
    /// <summary>The tool behind the gate: calls whose arguments have no right to be there do not reach it.</summary>
    AIFunction Guard(AIFunction tool, Evidence evidence);
}

/// <summary>
/// The bot's half of the gate. It wraps each function itself, so that nothing that calls functions can go round it, and checks each argument
/// against where it may come from. It needs no knowledge of who plans: a planner that obeys an attacker word for word is stopped here,
/// and, should it not be, by the bank's own half.
/// </summary>
internal sealed class ToolGate : IToolGate
{
    /// <summary>Code of a refused call.</summary>
    public const string Refused = "gate_refused";

    private const int ArgumentLengthMax = 200;

    /// <inheritdoc/>
    public AIFunction Guard(AIFunction tool, Evidence evidence) => new GatedFunction(tool, evidence);

    /// <summary>The error a planner reads.</summary>
    public static JsonElement Refusal(string reason) => BankSession.Error(Refused, reason);

    /// <summary>Null when the call may be made, otherwise why not.</summary>
    internal static string? Check(AIFunctionDeclaration tool, IReadOnlyDictionary<string, string?> arguments, Evidence evidence)
    {
        if (ToolSet.Consequential.Contains(tool.Name))
        {
            if (evidence.ConsequentialInStep > 1)
            {
                return "Only one payment or payee can be worked on at a time.";
            }

            if (evidence.DoneInTurn.Contains(tool.Name))
            {
                return "That was done once for this message already.";
            }
        }

        foreach (var (name, value) in arguments)
        {
            if (string.IsNullOrEmpty(value))
            {
                continue;
            }

            if (value.Length > ArgumentLengthMax)
            {
                return $"'{name}' is too long.";
            }

            if (CheckArgument(tool.Name, name, value, arguments, evidence) is { } reason)
            {
                return reason;
            }
        }

        return null;
    }

    private static string? CheckArgument(string tool, string name, string value, IReadOnlyDictionary<string, string?> arguments, Evidence evidence) => (tool, name) switch
    {
        (ToolNames.PaymentsDraft or ToolNames.PaymentsAmend, "amount") =>
            evidence.HasAmount(value, arguments.GetValueOrDefault("currency")) ? null : "The customer did not write that amount.",
        (ToolNames.PaymentsDraft, "currency") =>
            value == "GBP" || evidence.HasCurrency(value) ? null : "The customer did not name that currency.",
        (ToolNames.PaymentsDraft or ToolNames.PaymentsAmend, "payeeId") =>
            evidence.HasChosenPayee(value) ? null : "The customer did not choose that payee. Ask whom they mean, offering their saved payees.",
        (ToolNames.PaymentsDraft or ToolNames.PaymentsAmend, "debtorAccountId" or "creditorAccountId") or (ToolNames.TransactionsSearch or ToolNames.InsightsSpending, "accountId") =>
            evidence.HasAccount(value) ? null : "That account is not one the bank listed as the customer's own. Call accounts_list first.",
        (ToolNames.PaymentsDraft or ToolNames.PaymentsAmend, "reference") or (ToolNames.PayeesPropose, "name") =>
            evidence.HasWords(value) ? null : $"The customer did not write that {(name == "name" ? "name" : "reference")}.",
        (ToolNames.PayeesPropose, "iban") =>
            evidence.HasIban(value) ? null : "The customer did not write that IBAN.",
        (ToolNames.PaymentsAmend or ToolNames.PaymentsCancel or ToolNames.PaymentsStatus, "paymentId") =>
            evidence.HasPayment(value) ? null : "That payment was not prepared in this conversation.",
        // What only narrows reading of the customer's own data may be chosen freely.
        (ToolNames.TransactionsSearch, "from" or "to" or "text" or "category" or "limit")
            or (ToolNames.InsightsSpending, "from" or "to")
            or (ToolNames.PayeesList, "name")
            or (ToolNames.HelpTopic, "topic") => null,
        _ => $"There is no argument '{(name.Length > 40 ? name[..40] : name)}'.",
    };

    private sealed class GatedFunction(AIFunction inner, Evidence evidence) : DelegatingAIFunction(inner)
    {
        protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
        {
            var read = new Dictionary<string, string?>(StringComparer.Ordinal);
            foreach (var (name, value) in arguments)
            {
                if (!TryRead(value, out var text))
                {
                    return Refusal($"'{(name.Length > 40 ? name[..40] : name)}' is not a plain value.");
                }

                read[name] = text;
            }

            return Check(InnerFunction, read, evidence) is { } reason ? Refusal(reason) : await base.InvokeCoreAsync(arguments, cancellationToken);
        }

        private static bool TryRead(object? value, out string? text)
        {
            text = value switch
            {
                null or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
                string plain => plain,
                JsonElement { ValueKind: JsonValueKind.String } element => element.GetString(),
                JsonElement { ValueKind: JsonValueKind.Number } element => element.GetRawText(),
                int or long => Convert.ToString(value, CultureInfo.InvariantCulture),
                _ => "\0",
            };
            return text != "\0";
        }
    }
}
