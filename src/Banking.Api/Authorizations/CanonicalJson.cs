using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banking.Api.Authorizations;

/// <summary>
/// The JSON Canonicalization Scheme (RFC 8785) for the values our details use: objects, arrays, strings, booleans, null.
/// Numbers are refused: amounts are decimal strings, and a number's canonical form is the one part of the scheme where implementations differ.
/// </summary>
public static class CanonicalJson
{
    /// <summary>SHA-256 of the canonical form.</summary>
    /// <exception cref="ArgumentException">The value contains a number.</exception>
    public static byte[] Hash(JsonNode? value) => SHA256.HashData(Encoding.UTF8.GetBytes(Write(value)));

    /// <summary>The canonical form: members sorted by UTF-16 code units, no white space, minimal escapes.</summary>
    /// <exception cref="ArgumentException">The value contains a number.</exception>
    public static string Write(JsonNode? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonNode? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                var first = true;
                foreach (var (name, member) in members.OrderBy(member => member.Key, StringComparer.Ordinal))
                {
                    text.Append(first ? "" : ",");
                    first = false;
                    AppendString(text, name);
                    text.Append(':');
                    Append(text, member);
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Append(text, items[i]);
                }

                text.Append(']');
                break;
            default:
                switch (value.GetValueKind())
                {
                    case JsonValueKind.String: AppendString(text, value.GetValue<string>()); break;
                    case JsonValueKind.True: text.Append("true"); break;
                    case JsonValueKind.False: text.Append("false"); break;
                    default: throw new ArgumentException("Canonical details hold no numbers.", nameof(value));
                }

                break;
        }
    }

    // RFC 8785 section 3.2.2.2: two-character escapes where JSON has them, \u00xx for other controls, everything else literally.
    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append($"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
