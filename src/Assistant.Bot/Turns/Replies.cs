using Assistant.Bot.Conversations;

namespace Assistant.Bot.Turns;

/// <summary>What the assistant says when no planner says it, and the one way activities of the assistant are made.</summary>
internal static class Replies
{
    public const string SignInAgain = "Your sign-in has ended, so I can no longer see your accounts. Please sign in again on the bank's page and open the chat from there.";
    public const string TooMuch = "That took me more steps than I may take for one message. Could you ask for it in smaller parts?";
    public const string Trouble = "Sorry, something went wrong on our side and I could not answer. Nothing was changed by this. Please try again in a moment.";
    public const string BankUnavailable = "Sorry, I cannot reach your accounts at the moment. Nothing was changed by this. Please try again in a moment.";

    /// <summary>Longest text of one message of ours.</summary>
    private const int TextLengthMax = 3500;

    /// <summary>A message in plain text; whatever a third party wrote into it stays text.</summary>
    public static Activity Message(string text, IReadOnlyList<Attachment>? cards = null, IReadOnlyList<string>? suggestions = null) => new()
    {
        Type = "message",
        From = Conversation.Bot,
        Text = text.Length > TextLengthMax ? string.Concat(text.AsSpan(0, TextLengthMax), "…") : text,
        TextFormat = "plain",
        Attachments = cards is { Count: > 0 } ? cards : null,
        SuggestedActions = suggestions is { Count: > 0 } ? new SuggestedActions([.. suggestions.Take(6).Select(title => new CardAction("imBack", title, title))]) : null,
    };

    public static TurnReply Say(string text) => new(text, [Message(text)], []);
}
