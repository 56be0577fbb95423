namespace Assistant.Bot.Planning.Gate;

/// <summary>An amount as the customer wrote it: its value, and the currency when one was named.</summary>
internal readonly record struct WrittenAmount(decimal Value, string? Currency);

/// <summary>Finds every amount of money in a customer's words, the same way the planner's language understanding does.</summary>
internal interface IAmountReader
{
    /// <summary>All amounts that <paramref name="text"/> can be read to hold.</summary>
    IReadOnlyList<WrittenAmount> Read(string text);
}
