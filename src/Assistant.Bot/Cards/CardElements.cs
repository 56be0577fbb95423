using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Conversations;
using Banking.Client;

namespace Assistant.Bot.Cards;

/// <summary>
/// Elements of Adaptive Cards 1.5. All text is a <c>TextRun</c>: unlike <c>TextBlock</c> and <c>Fact</c> it has no Markdown, so text that
/// a third party wrote (a reference, a payee's name) is shown as written and can be no link, image or heading.
/// </summary>
internal static class CardElements
{
    public const string ContentType = "application/vnd.microsoft.card.adaptive";

    private const int TextLengthMax = 600;

    public static Attachment Card(IReadOnlyList<JsonNode> body, IReadOnlyList<JsonNode>? actions = null)
    {
        var card = new JsonObject
        {
            ["type"] = "AdaptiveCard",
            ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
            ["version"] = "1.5",
            ["lang"] = "en-GB",
            ["body"] = new JsonArray([.. body]),
        };
        if (actions is { Count: > 0 })
        {
            card["actions"] = new JsonArray([.. actions]);
        }

        return new Attachment(ContentType, card);
    }

    public static JsonObject Text(string? text, bool bold = false, bool subtle = false, string? size = null, string? color = null, string? align = null)
    {
        var run = new JsonObject { ["type"] = "TextRun", ["text"] = Plain(text) };
        if (bold)
        {
            run["weight"] = "Bolder";
        }

        if (subtle)
        {
            run["isSubtle"] = true;
        }

        if (size is not null)
        {
            run["size"] = size;
        }

        if (color is not null)
        {
            run["color"] = color;
        }

        var block = new JsonObject { ["type"] = "RichTextBlock", ["inlines"] = new JsonArray(run) };
        if (align is not null)
        {
            block["horizontalAlignment"] = align;
        }

        return block;
    }

    /// <summary>A paragraph of one of our own articles, which know two marks: <c>- </c> before a list item and <c>**</c> around bold words.</summary>
    public static JsonObject Paragraph(string text)
    {
        var parts = (text.StartsWith("- ", StringComparison.Ordinal) ? "•\u00A0" + text[2..] : text).Split("**");
        var runs = parts.Select((part, i) => (Part: part, Bold: i % 2 == 1)).Where(run => run.Part.Length > 0).Select(JsonNode (run) =>
        {
            var inline = new JsonObject { ["type"] = "TextRun", ["text"] = Plain(run.Part) };
            if (run.Bold)
            {
                inline["weight"] = "Bolder";
            }

            return inline;
        });
        return new JsonObject { ["type"] = "RichTextBlock", ["inlines"] = new JsonArray([.. runs]) };
    }

    /// <summary>A label on the left, a value on the right; what follows in a column stands close under its first line.</summary>
    public static JsonObject Row(JsonObject[] left, JsonObject[] right, bool separator = false)
    {
        foreach (var below in left.Skip(1).Concat(right.Skip(1)))
        {
            below["spacing"] = "None";
        }

        var row = new JsonObject
        {
            ["type"] = "ColumnSet",
            ["columns"] = new JsonArray(
                new JsonObject { ["type"] = "Column", ["width"] = "stretch", ["items"] = new JsonArray([.. left]) },
                new JsonObject { ["type"] = "Column", ["width"] = "auto", ["items"] = new JsonArray([.. right]) }),
        };
        if (separator)
        {
            row["separator"] = true;
        }

        return row;
    }

    public static JsonObject Row(string label, string? value) => Row([Text(label, subtle: true)], [Text(value, align: "right")]);

    /// <summary>A button that sends <paramref name="values"/> back to us.</summary>
    public static JsonObject Submit(string title, string action, JsonObject values, string? style = null)
    {
        values["action"] = action;
        var submit = new JsonObject { ["type"] = "Action.Submit", ["title"] = Plain(title), ["data"] = values };
        if (style is not null)
        {
            submit["style"] = style;
        }

        return submit;
    }

    public static JsonObject Open(string title, string address, string? style = null)
    {
        var open = new JsonObject { ["type"] = "Action.OpenUrl", ["title"] = Plain(title), ["url"] = address };
        if (style is not null)
        {
            open["style"] = style;
        }

        return open;
    }

    /// <summary>An amount as people read it: <c>£1,234.50</c>, <c>-£60.00</c>, <c>1,234.50 CHF</c>.</summary>
    public static string Format(string? amount, string? currency)
    {
        if (Money.TryParse(amount, currency, out var money) != MoneyFault.None)
        {
            return Plain($"{amount} {currency}").Trim();
        }

        return Format(money);
    }

    /// <summary>An amount as people read it.</summary>
    public static string Format(Money money)
    {
        var negative = money.Amount.StartsWith('-');
        var text = negative ? money.Amount[1..] : money.Amount;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text : text[..point];
        for (var i = whole.Length - 3; i > 0; i -= 3)
        {
            whole = whole.Insert(i, ",");
        }

        text = point < 0 ? whole : whole + text[point..];
        var sign = negative ? "-" : "";
        return money.Currency.Code switch
        {
            "GBP" => $"{sign}£{text}",
            "EUR" => $"{sign}€{text}",
            "USD" => $"{sign}${text}",
            var code => $"{sign}{text} {code}",
        };
    }

    /// <summary>A movement as people read it: money in has a plus, money out a minus.</summary>
    public static string FormatSigned(string? amount, string? currency) =>
        Money.TryParse(amount, currency, out var money) == MoneyFault.None && money.MinorUnits > 0 ? "+" + Format(money) : Format(amount, currency);

    /// <summary>An ISO date as people read it: <c>5 March 2026</c>.</summary>
    public static string FormatDate(string? date) =>
        DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture) : Plain(date);

    /// <summary>A text member of an object; null when absent or no text.</summary>
    public static string? Get(JsonElement source, string name) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The members of an array of objects, at most <paramref name="max"/>.</summary>
    public static IEnumerable<JsonElement> List(JsonElement source, string name, int max) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object).Take(max)
            : [];

    // Line breaks and direction overrides could make one line look like two, or read backwards.
    private static string Plain(string? text)
    {
        var kept = new string([.. (text ?? "").Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c).Where(c => c is not ((>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' or '\u061C'))]);
        return kept.Length > TextLengthMax ? string.Concat(kept.AsSpan(0, TextLengthMax), "…") : kept;
    }
}
