using Assistant.Bot.Help;

namespace Assistant.Bot.Planning.Embedded.Flows;

/// <summary>"How does approval work?": the help article nearest to the question.</summary>
internal static class GiveHelp
{
    public static Task<PlannerStep.Reply> RunAsync(TurnScript script, Heard heard)
    {
        var topic = HelpLibrary.Default.Nearest(heard.Text)?.Topic ?? HelpLibrary.Overview;
        return ShowAsync(script, topic, script.Say(topic == HelpLibrary.Overview ? "help_intro" : "help_article"));
    }

    /// <summary>Something urgent: the sentence comes whether or not an article can be had.</summary>
    public static Task<PlannerStep.Reply> SecurityAsync(TurnScript script, Heard heard) => ShowAsync(script, HelpLibrary.Security, script.Say("security"));

    private static async Task<PlannerStep.Reply> ShowAsync(TurnScript script, string topic, string text)
    {
        var result = await script.CallAsync(ToolNames.HelpTopic, ("topic", topic));
        if (topic != HelpLibrary.Security)
        {
            script.Suggest("What's my balance?", "Show my transactions", "How much did I spend this month?", "Pay someone");
            text = result.Failed ? script.Say("help_fallback") : text;
        }

        if (!result.Failed)
        {
            script.Show(CardKinds.Help, result.Data);
        }

        return script.Reply(text);
    }
}
