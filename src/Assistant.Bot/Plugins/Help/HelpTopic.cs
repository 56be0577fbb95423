using System.ComponentModel;
using System.Text.Json;

namespace Assistant.Bot.Plugins.Help;

/// <summary>A link of a help article.</summary>
public sealed record HelpLink(string Title, string Url);

/// <summary>A help article as the tool answers it.</summary>
public sealed record HelpAnswer(string Title, string Text, IReadOnlyList<HelpLink> Links);

/// <summary>The bank's help articles by topic.</summary>
public interface IHelpArticles
{
    /// <summary>The topics there are.</summary>
    IReadOnlyList<string> Topics { get; }

    /// <summary>The article of a topic; null when there is none.</summary>
    HelpAnswer? Find(string topic);
}

/// <summary>Tool <c>help_topic</c>.</summary>
internal sealed class HelpTopic(IHelpArticles articles)
{
    [Description("A help article of the bank.")]
    public JsonElement Invoke([Description("The topic.")] string topic) =>
        articles.Find(topic) is { } article
            ? BankSession.Element(article)
            : BankSession.Error("not_found", $"There is no such topic. Topics: {string.Join(", ", articles.Topics)}.");
}
