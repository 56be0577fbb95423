using System.Text.Json.Nodes;
using Assistant.Bot.Conversations;
using Assistant.Bot.Turns;

namespace Assistant.Bot.Cards;

/// <summary>Asks whether an external model may take part.</summary>
internal static class ConsentCard
{
    public const string Question =
        "May I use an external AI model to understand you better? It would receive what you write here and the account data needed to answer. You can say no: I will then answer without it.";

    public static Attachment Render(string host) => CardElements.Card(
        [
            CardElements.Text("Use an external AI model?", bold: true),
            CardElements.Text($"Your messages and the account data needed to answer would be processed by {host}. Passwords, codes and card numbers are removed before.", subtle: true),
        ],
        [
            CardElements.Submit("Yes, use it", ModelConsent.Action, new JsonObject { ["allow"] = true }),
            CardElements.Submit("No, answer without it", ModelConsent.Action, new JsonObject { ["allow"] = false }),
        ]);
}
