using System.Globalization;

namespace Assistant.Bot.Plugins;

/// <summary>Reading of arguments several tools have.</summary>
internal static class ToolArguments
{
    /// <summary>An ISO 8601 day; absent is fine, anything else is not.</summary>
    public static bool TryReadDay(string? text, out DateOnly? day)
    {
        day = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value))
        {
            return false;
        }

        day = value;
        return true;
    }
}
