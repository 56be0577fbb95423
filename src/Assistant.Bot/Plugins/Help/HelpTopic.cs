using System.ComponentModel;
using System.Text.Json;
using Assistant.Bot.Help;

namespace Assistant.Bot.Plugins.Help;

/// <summary>Tool <c>help_topic</c>.</summary>
internal sealed class HelpTopic(HelpLibrary library)
{
    [Description("A help article of the bank.")]
    public JsonElement Invoke([Description("The topic, or the customer's question.")] string topic) =>
        (library.Find(topic) ?? library.Nearest(topic)) is { } article
            ? BankSession.Element(new { article.Title, article.Text, article.Links })
            : BankSession.Error("not_found", $"There is no such topic. Topics: {string.Join(", ", library.Articles.Select(known => known.Topic))}.");
}
