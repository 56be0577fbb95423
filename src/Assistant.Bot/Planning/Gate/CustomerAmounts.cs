using System.Globalization;
using Assistant.Bot.Understanding.Values;

namespace Assistant.Bot.Planning.Gate;

/// <summary>Amounts as the language understanding reads them, so that what the customer can say, the gate can find.</summary>
internal sealed class CustomerAmounts : IAmountReader
{
    /// <inheritdoc/>
    public IReadOnlyList<WrittenAmount> Read(string text) =>
        [.. AmountParser.Find(text)
            .Where(found => decimal.TryParse(found.Amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
            .Select(found => new WrittenAmount(decimal.Parse(found.Amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture), found.Currency))];
}
