using System.Text.Json;
using Assistant.Bot.Planning;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Turns;

/// <summary>The journal as the messages a planner reads.</summary>
internal static class TurnHistory
{
    private const int TurnsMax = 20;

    /// <summary>Older turns keep their words; what the bank answered in them is out of date.</summary>
    private const int TurnsWithResultsMax = 3;

    /// <summary>The redacted history, the turn's input, and the turn's calls so far with their results.</summary>
    public static List<ChatMessage> Compose(OpenTurn open, IReadOnlyList<JournaledCall> calls)
    {
        var messages = new List<ChatMessage>();
        var turns = open.History.Skip(Math.Max(0, open.History.Count - TurnsMax)).ToList();
        for (var i = 0; i < turns.Count; i++)
        {
            messages.Add(Input(turns[i].Turn.Input));
            if (i >= turns.Count - TurnsWithResultsMax)
            {
                AddCalls(messages, turns[i].Calls);
            }

            if (!string.IsNullOrEmpty(turns[i].Reply))
            {
                messages.Add(new ChatMessage(ChatRole.Assistant, turns[i].Reply));
            }
        }

        messages.Add(Input(open.Turn.Input));
        AddCalls(messages, calls);
        return messages;
    }

    private static ChatMessage Input(CustomerInput input) => input switch
    {
        CustomerInput.Text text => new ChatMessage(ChatRole.User, text.Value),
        CustomerInput.CardTap tap => new ChatMessage(ChatRole.User, $"[button {tap.Action}: {tap.Values.GetRawText()}]"),
        CustomerInput.Event happened => new ChatMessage(ChatRole.System, $"[bank event {happened.Type}: {happened.Data.GetRawText()}]"),
        _ => throw new ArgumentOutOfRangeException(nameof(input)),
    };

    private static void AddCalls(List<ChatMessage> messages, IReadOnlyList<JournaledCall> calls)
    {
        foreach (var step in calls.Where(call => call.Result is not null).GroupBy(call => call.Step))
        {
            messages.Add(new ChatMessage(ChatRole.Assistant, [.. step.Select(AIContent (call) => new FunctionCallContent(call.Id, call.Name, Arguments(call.Arguments)))]));
            messages.Add(new ChatMessage(ChatRole.Tool, [.. step.Select(AIContent (call) => new FunctionResultContent(call.Id, call.Result))]));
        }
    }

    private static Dictionary<string, object?> Arguments(JsonElement arguments) =>
        arguments.ValueKind == JsonValueKind.Object ? arguments.EnumerateObject().ToDictionary(argument => argument.Name, object? (argument) => argument.Value, StringComparer.Ordinal) : [];
}
