using System.Globalization;
using System.Text.RegularExpressions;

namespace Assistant.Bot.Planning.Gate;

/// <inheritdoc/>
internal sealed partial class CustomerAmounts : IAmountReader
{
    /// <inheritdoc/>
    public IReadOnlyList<WrittenAmount> Read(string text)
    {
        var found = new HashSet<WrittenAmount>();
        foreach (var match in Digits().Matches(text).Cast<Match>())
        {
            var number = match.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal);
            if (decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            {
                found.Add(new WrittenAmount(value, null));
            }
        }

        return [.. found];
    }

    [GeneratedRegex(@"(?<![\d.,])(?<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:\.\d+)?)(?![\d])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digits();
}
