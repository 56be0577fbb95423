using System.Text.RegularExpressions;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>A day to come in a request for a payment: "to Maya tomorrow", "on 3 December". No payment is scheduled, so it is neither a name nor kept.</summary>
internal static partial class LaterDay
{
    /// <summary>The request without its day; null when it names none, or when the day belongs to something else that was said.</summary>
    public static Utterance? Without(Utterance heard, DateOnly today, UnderstandingModel model, OpenTask? task)
    {
        var readsOtherwise = heard.Certainty == Certainty.Accepted
            && heard.Intent is not (IntentNames.PayPayee or IntentNames.OwnTransfer or IntentNames.UnsupportedBanking or IntentNames.OutOfScope or IntentNames.Inform or IntentNames.Amend or IntentNames.Goodbye);
        if (readsOtherwise || Repeated().IsMatch(heard.Text) || Day().Match(heard.Text) is not { Success: true } day
            || heard.Slots.Any(slot => slot.Slot == SlotNames.Reference && slot.Start < day.Index + day.Length && day.Index < slot.Start + slot.Length))
        {
            return null;
        }

        var rest = heard.Text.Remove(day.Index, day.Length).Trim(' ', ',');
        if (rest.Length == 0)
        {
            return null;
        }

        var bare = model.Understand(rest, today);
        var answers = task is { Skill: IntentNames.PayPayee or IntentNames.OwnTransfer } && bare.Intent is IntentNames.Inform or IntentNames.Amend && bare.Values != SlotValues.None;
        return bare.Certainty == Certainty.Accepted && (answers || bare.Intent is IntentNames.PayPayee or IntentNames.OwnTransfer) ? bare : null;
    }

    private const string Weekday = "(?:mon|tues|wednes|thurs|fri|satur|sun)day";
    private const string Month = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";

    // "for next month" is what a payment is for, and "tomorrow's lunch" as well.
    [GeneratedRegex(
        @"\s*,?\s*(?<!\bfor\s*)(?:\b(?:on|by)\s+)?\b(?:the\s+day\s+after\s+tomorrow|tomorrow(?:\s+(?:morning|afternoon|evening|night))?|later\s+today|next\s+(?:week|month|year|" + Weekday + @")|(?:this|coming)\s+" + Weekday
        + @"|in\s+(?:an?|one|two|three|four|five|six|seven|ten|\d{1,3})\s+(?:day|week|month)s?|(?<=\b(?:on|by)\s+)(?:" + Weekday + @"|(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?" + Month + "|" + Month + @"\s+\d{1,2}(?:st|nd|rd|th)?|the\s+\d{1,2}(?:st|nd|rd|th))|"
        + Weekday + @"(?=[\s.!]*$))\b(?!['’]s)",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Day();

    // A standing order is another thing than a payment at a later day.
    [GeneratedRegex(@"\b(?:every|each\s+(?:day|week|month|year|" + Weekday + @")|daily|weekly|monthly|yearly|standing\s+order|direct\s+debit)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Repeated();
}
