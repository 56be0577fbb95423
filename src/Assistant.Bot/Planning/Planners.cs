using Assistant.Bot.Turns;

namespace Assistant.Bot.Planning;

/// <summary>The planners of this process: the embedded one, which is always there, and the external model where one is configured.</summary>
internal sealed class Planners(IPlanner embedded, IPlanner? model)
{
    public IPlanner Embedded => embedded;

    /// <summary>Null when none is configured.</summary>
    public IPlanner? Model => model;

    /// <summary>
    /// Who plans the turn: whoever it is with already, or else the model when the customer agreed to it. Events of the bank need no
    /// understanding and go to the embedded planner.
    /// </summary>
    public IPlanner Choose(OpenTurn open, bool? consent)
    {
        var chosen = open.Turn.Planner ?? (open.Calls.Count > 0 ? open.Calls[^1].Planner : null);
        var wantsModel = chosen is null ? consent == true && open.Turn.Input is not CustomerInput.Event : string.Equals(chosen, model?.Name, StringComparison.Ordinal);
        return wantsModel && model is not null ? model : embedded;
    }
}
