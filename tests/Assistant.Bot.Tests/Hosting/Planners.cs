using Assistant.Bot.Planning;
using Microsoft.Extensions.AI;

namespace Assistant.Bot.Tests.Hosting;

/// <summary>Says what it heard.</summary>
internal sealed class EchoPlanner : IPlanner
{
    public string Name => "embedded";

    public Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken) =>
        Task.FromResult<PlannerStep>(new PlannerStep.Reply("echo: " + turn.Messages[^1].Text, [], [], [new TurnUnderstood("echo", 1, Understood: true)]));
}

/// <summary>Thinks until the test has seen what it wants to see, then echoes.</summary>
internal sealed class PatientPlanner(Task until) : IPlanner
{
    public string Name => "embedded";

    public async Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken)
    {
        await until.WaitAsync(cancellationToken);
        return new PlannerStep.Reply("echo: " + turn.Messages[^1].Text, [], [], [new TurnUnderstood("echo", 1, Understood: true)]);
    }
}

/// <summary>Does what a test scripted: a list of calls, then a reply. Which step it is at follows from the messages alone, as a planner must.</summary>
internal sealed class ScriptedPlanner(params FunctionCallContent[][] steps) : IPlanner
{
    public string Name => "embedded";

    public string Reply { get; init; } = "That is all.";

    public Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken)
    {
        var done = turn.Messages.Reverse().TakeWhile(message => message.Role != ChatRole.User && message.Role != ChatRole.System).Count(message => message.Role == ChatRole.Tool);
        return Task.FromResult<PlannerStep>(done < steps.Length
            ? new PlannerStep.CallTools(steps[done], [new TurnUnderstood($"step {done}", 1, Understood: true)])
            : new PlannerStep.Reply(Reply, [], [], [new TurnUnderstood("end", 1, Understood: true)]));
    }

    public static FunctionCallContent Call(string name, params (string Name, object? Value)[] arguments) =>
        new("planner-made-id", name, arguments.ToDictionary(argument => argument.Name, argument => argument.Value));
}
