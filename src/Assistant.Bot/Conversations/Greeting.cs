using Assistant.Bot.Cards;
using Assistant.Bot.Turns;

namespace Assistant.Bot.Conversations;

/// <summary>The first words of a conversation: that an AI speaks, what it can do, and, where an external model is configured, the question of consent.</summary>
internal sealed class Greeting(Hosting.AssistantSettings settings)
{
    public const string Text =
        "Hello, I am SecureBank's assistant, an AI. I can show your balances, transactions and spending, and prepare payments for you. "
        + "A payment is only made after you approve it on the bank's own page. Please never write passwords, codes or card numbers here.";

    public IReadOnlyList<Activity> Compose()
    {
        var hello = Replies.Message(Text, suggestions: ["What's my balance?", "Show my recent transactions", "Pay someone"]);
        return settings.Model is null ? [hello] : [Replies.Message(Text), Replies.Message(ConsentCard.Question, [ConsentCard.Render(settings.Model.Endpoint.Host)])];
    }
}
