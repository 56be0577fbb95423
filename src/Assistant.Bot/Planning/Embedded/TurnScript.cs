using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Understanding;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>
/// One turn of the embedded planner, written as straight-line code although it spans several calls of the planner: a flow awaits a tool, and if the
/// tool has not run yet the flow is left there and run again from the start once the result is in the history. It repeats exactly, because it sees
/// nothing but the turn: call ids come from the turn's id and the order of calls, and state events go out with the reply only.
/// </summary>
internal sealed class TurnScript(PlannerTurn turn, Texts texts, string modelVersion)
{
    private readonly Dictionary<string, FunctionResultContent> _results = turn.Messages
        .SelectMany(message => message.Contents.OfType<FunctionResultContent>())
        .GroupBy(result => result.CallId, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);

    private readonly List<DialogueEvent> _events = [];
    private readonly List<CardRequest> _cards = [];
    private readonly List<string> _suggestions = [];
    private int _calls;

    public PlannerTurn Turn => turn;

    /// <summary>The state before this turn.</summary>
    public DialogueState State => turn.State;

    /// <summary>Today in the bank's time zone.</summary>
    public DateOnly Today { get; } = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(turn.Now, turn.Zone).DateTime);

    public string ModelVersion => modelVersion;

    /// <summary>The calls the flow waits for.</summary>
    public List<FunctionCallContent> Pending { get; } = [];

    /// <summary>Runs a tool. The task never ends while the result is not there; nobody waits for it then.</summary>
    public Task<ToolResult> CallAsync(string tool, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{turn.TurnId}.{++_calls}");
        if (_results.TryGetValue(id, out var result))
        {
            return Task.FromResult(ToolResult.Read(result));
        }

        var given = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in arguments)
        {
            if (value is not null)
            {
                given[name] = value;
            }
        }

        Pending.Add(new FunctionCallContent(id, tool, given));
        return new TaskCompletionSource<ToolResult>().Task;
    }

    public void Record(DialogueEvent dialogueEvent) => _events.Add(dialogueEvent);

    public void Show(string kind, JsonElement data) => _cards.Add(new CardRequest(kind, data));

    public void Show(string kind, JsonNode data) => _cards.Add(new CardRequest(kind, JsonSerializer.SerializeToElement(data)));

    public void Suggest(params ReadOnlySpan<string> replies) => _suggestions.AddRange(replies);

    public string Say(string name, params ReadOnlySpan<(string Hole, string Value)> values) => texts.Say(name, State.Turns, values);

    public bool HasText(string name) => texts.Has(name);

    /// <summary>Opens or updates the task that waits for the customer.</summary>
    public void Await(string skill, SlotValues slots, string? asked, IEnumerable<Choice>? choices = null) =>
        Record(new TaskUpdated(new OpenTask(skill, slots, asked, choices?.ToArray() ?? [])));

    /// <summary>Closes the open task, if there is one.</summary>
    public void Close(string reason)
    {
        if (State.Task is { } task || _events.OfType<TaskUpdated>().Any())
        {
            var skill = _events.OfType<TaskUpdated>().LastOrDefault()?.Task.Skill ?? State.Task!.Skill;
            Record(new TaskClosed(skill, reason));
        }
    }

    public PlannerStep.Reply Reply(string text) => new(text, _cards, _suggestions.Distinct(StringComparer.Ordinal).Take(4).ToArray(), _events);
}

/// <summary>A tool's answer: data, or a named error.</summary>
internal readonly record struct ToolResult(JsonElement Data, string? ErrorCode)
{
    public bool Failed => ErrorCode is not null;

    public static ToolResult Read(FunctionResultContent content)
    {
        JsonElement data;
        try
        {
            data = content.Result switch
            {
                JsonElement element => element,
                string text => JsonElement.Parse(text),
                null => default,
                var other => JsonSerializer.SerializeToElement(other),
            };
        }
        catch (JsonException)
        {
            data = default;
        }

        if (data.ValueKind != JsonValueKind.Object)
        {
            return new ToolResult(default, "unavailable");
        }

        return data.TryGetProperty("error", out var error)
            ? new ToolResult(data, error.ValueKind == JsonValueKind.Object && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String ? code.GetString() : "other")
            : new ToolResult(data, null);
    }

    /// <summary>The first item of an array property, or an undefined element.</summary>
    public JsonElement First(string name) => Items(name) is [var first, ..] ? first : default;

    /// <summary>The items of an array property; none when it is not there.</summary>
    public IReadOnlyList<JsonElement> Items(string name) =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? [.. items.EnumerateArray()] : [];
}

/// <summary>Reading of tool results.</summary>
internal static class JsonReading
{
    /// <summary>A string or number property as text, or null.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Number => value.GetRawText(), _ => null }
            : null;

    /// <summary>An object property, or an undefined element.</summary>
    public static JsonElement Part(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
}
