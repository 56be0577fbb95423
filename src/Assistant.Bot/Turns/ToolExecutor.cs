using System.Text.Json;
using Assistant.Bot.Planning.Gate;
using Assistant.Bot.Plugins;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Turns;

/// <summary>Makes one journaled call, through the gate. Whatever goes wrong is a result, never an exception of the turn.</summary>
internal sealed class ToolExecutor(ToolSet tools, IToolGate gate, TimeProvider clock, ILogger<ToolExecutor> logger)
{
    private const int ResultLengthMax = 64 * 1024;

    private static readonly TimeSpan CallTimeMax = TimeSpan.FromSeconds(15);

    public IReadOnlyList<AIFunctionDeclaration> Declarations => tools.Declarations;

    public async Task<JsonElement> ExecuteAsync(ConversationLease lease, Turn turn, JournaledCall call, Evidence evidence, CancellationToken cancellationToken)
    {
        var toolCall = new ToolCall(lease.ConversationKey, lease.ConversationId, turn.Id, call.Id);
        var tool = tools.Create(toolCall).FirstOrDefault(candidate => string.Equals(candidate.Name, call.Name, StringComparison.Ordinal));
        if (tool is null)
        {
            logger.LogWarning("The planner {Planner} asked for an unknown tool in turn {Turn}.", call.Planner, turn.Id);
            return BankSession.Error("unknown_tool", $"There is no tool '{(call.Name.Length > 40 ? call.Name[..40] : call.Name)}'.");
        }

        if (call.Arguments.ValueKind != JsonValueKind.Object)
        {
            return BankSession.Error("invalid_arguments", "The arguments are not an object.");
        }

        using var limit = new CancellationTokenSource(CallTimeMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var arguments = new AIFunctionArguments(StringComparer.Ordinal);
            foreach (var argument in call.Arguments.EnumerateObject())
            {
                arguments[argument.Name] = argument.Value;
            }

            var result = await gate.Guard(tool, evidence).InvokeAsync(arguments, either.Token) is JsonElement { ValueKind: JsonValueKind.Object } element
                ? element
                : BankSession.Error("internal_error", "The tool gave no answer.");
            if (result.TryGetProperty("error", out var error))
            {
                logger.LogInformation("Tool {Tool} of call {Call} was refused: {Code}.", call.Name, call.Id, Cards.CardElements.Get(error, "code"));
            }

            return result.GetRawText().Length <= ResultLengthMax ? result : BankSession.Error("too_much", "The answer is too long; ask for less.");
        }
        catch (Exception fault) when (fault is ArgumentException or JsonException)
        {
            return BankSession.Error("invalid_arguments", "The arguments are not those of the tool.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return BankSession.Error(Banking.Client.ErrorCodes.Unavailable, "The bank did not answer in time.");
        }
    }
}
