using System.Text.Json;
using Assistant.Bot.Planning;
using Assistant.Bot.Planning.Embedded;
using Assistant.Bot.Understanding;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Tests.Planning;

/// <summary>A conversation with the embedded planner over the scripted bank: runs each turn's loop and folds its events.</summary>
public sealed class Chat(UnderstandingModel model)
{
    public const int MaxCallsPerTurn = 8;

    private readonly EmbeddedPlanner _planner = new(model);
    private readonly List<ChatMessage> _messages = [];
    private readonly List<DialogueEvent> _events = [];
    private int _turns;

    public ScriptedBank Bank { get; } = new();

    public DialogueState State => DialogueState.Fold(_events);

    /// <summary>Friday 20 November 2026, 18:00 in London.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 11, 20, 18, 0, 0, TimeSpan.Zero);

    public async Task<PlannerStep.Reply> RunAsync(CustomerInput input, CancellationToken cancellationToken)
    {
        Bank.Calls.Clear();
        if (input is CustomerInput.Text text)
        {
            _messages.Add(new ChatMessage(ChatRole.User, text.Value));
        }

        var turnId = $"turn{++_turns}";
        var calls = 0;
        while (true)
        {
            // What the journal stores is what the next step sees.
            var state = DialogueState.Fold(_events.Select(RoundTrip));
            var step = await _planner.NextAsync(new PlannerTurn("conv", turnId, Now, TimeZoneInfo.Utc, _messages, [], state, input), cancellationToken);
            switch (step)
            {
                case PlannerStep.CallTools tools:
                    _events.AddRange(tools.Events);
                    foreach (var call in tools.Calls)
                    {
                        Assert.True(++calls <= MaxCallsPerTurn, "The planner calls without end.");
                        _messages.Add(new ChatMessage(ChatRole.Assistant, [call]));
                        _messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, Bank.Invoke(call))]));
                    }

                    break;
                case PlannerStep.Reply reply:
                    _events.AddRange(reply.Events);
                    _messages.Add(new ChatMessage(ChatRole.Assistant, reply.Text));
                    return reply;
            }
        }
    }

    private static DialogueEvent RoundTrip(DialogueEvent dialogueEvent) =>
        JsonSerializer.Deserialize<DialogueEvent>(JsonSerializer.Serialize(dialogueEvent))!;
}
