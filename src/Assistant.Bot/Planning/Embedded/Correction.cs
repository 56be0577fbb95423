using System.Text.RegularExpressions;
using Assistant.Bot.Understanding;

namespace Assistant.Bot.Planning.Embedded;

/// <summary>"No, not Alder, Northgate": the name that is meant, where the models see the one that is not.</summary>
internal static partial class Correction
{
    /// <summary>The message as a correction to that name, or as it was.</summary>
    public static Utterance Read(Utterance heard, DialogueState state)
    {
        var payeeOpen = state.Task is { Skill: IntentNames.PayPayee } or { Asked: SlotNames.Payee } || state is { Task: null, Draft.PayeeId: not null };
        var nothingElse = heard.Values with { Payee = null } == SlotValues.None && (heard.Values.Payee is not { } payee || payee.Contains("not ", StringComparison.OrdinalIgnoreCase));
        if (!payeeOpen || !nothingElse || (NotThisButThat().Match(heard.Text) is var match && !match.Success && (match = ThatNotThis().Match(heard.Text)) is { Success: false }))
        {
            return heard;
        }

        // "That's not right" names nobody.
        string[] names = [.. state.Task?.Choices.Select(choice => choice.Name) ?? [], state.Draft?.CreditorName ?? ""];
        var namesTheWrongOne = heard.Slots.Any(slot => slot.Slot == SlotNames.Negated) || NameMatch.Find(match.Groups["wrong"].Value, names, name => name).Count > 0;
        return namesTheWrongOne
            ? heard with { Intent = IntentNames.Amend, Certainty = Certainty.Accepted, Values = SlotValues.None with { Payee = match.Groups["right"].Value } }
            : heard;
    }

    private const string Lead = @"^(?:no|nope|sorry|wait|oh|[\s,.!])*";

    [GeneratedRegex(Lead + @"\bnot\s+(?:to\s+|the\s+)?(?<wrong>[^,;:\d]+?)(?:\s*[,;:–—]\s*(?:but\s+)?|\s+-\s+|\s+but\s+)(?:it'?s\s+|i\s+meant?\s+|to\s+|the\s+)*(?<right>[^,;:\d]+?)[\s.!]*$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NotThisButThat();

    [GeneratedRegex(Lead + @"(?:it'?s\s+|i\s+meant?\s+|to\s+|the\s+)*(?<right>[^,;:\d]+?)\s*,?\s+(?:and\s+)?not\s+(?:to\s+|the\s+)?(?<wrong>[^,;:\d]+?)[\s.!]*$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ThatNotThis();
}
