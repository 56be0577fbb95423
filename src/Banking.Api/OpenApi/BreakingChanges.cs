using System.Text.Json.Nodes;

namespace Banking.Api.OpenApi;

/// <summary>
/// Finds what a caller written against one OpenAPI document could not do any more with another: paths, operations, answers and members that
/// are gone, types that changed, requests that ask for more. Additions that old callers do not meet are no breach.
/// </summary>
public static class BreakingChanges
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch", "head", "options"];

    /// <summary>Each difference in a line; empty when old callers get on with the new document.</summary>
    public static IReadOnlyList<string> Find(JsonNode before, JsonNode after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var found = new List<string>();
        foreach (var (path, item) in Members(before["paths"]))
        {
            if (after["paths"]?[path] is not { } now)
            {
                found.Add($"{path}: the path is gone");
                continue;
            }

            foreach (var method in Methods.Where(method => item?[method] is not null))
            {
                if (now[method] is { } operation)
                {
                    new Comparison(before, after, found).Operation($"{method.ToUpperInvariant()} {path}", item![method]!, operation);
                }
                else
                {
                    found.Add($"{method.ToUpperInvariant()} {path}: the operation is gone");
                }
            }
        }

        return found;
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(JsonNode? node) => node as JsonObject ?? [];

    private sealed class Comparison(JsonNode beforeRoot, JsonNode afterRoot, List<string> found)
    {
        private readonly HashSet<(bool, JsonNode, JsonNode)> _seen = [];

        public void Operation(string place, JsonNode before, JsonNode after)
        {
            var parametersBefore = Parameters(before);
            var parametersAfter = Parameters(after);
            foreach (var (key, parameter) in parametersBefore)
            {
                if (!parametersAfter.TryGetValue(key, out var now))
                {
                    found.Add($"{place}: parameter {key} is gone");
                    continue;
                }

                if (IsTrue(now["required"]) && !IsTrue(parameter["required"]))
                {
                    found.Add($"{place}: parameter {key} is required now");
                }

                Schema($"{place} parameter {key}", parameter["schema"], now["schema"], isRequest: true);
            }

            foreach (var (key, _) in parametersAfter.Where(entry => IsTrue(entry.Value["required"]) && !parametersBefore.ContainsKey(entry.Key)))
            {
                found.Add($"{place}: parameter {key} is required and new");
            }

            if (before["requestBody"] is null && IsTrue(after["requestBody"]?["required"]))
            {
                found.Add($"{place}: a body is required now");
            }

            Content($"{place} request", before["requestBody"]?["content"], after["requestBody"]?["content"], isRequest: true);
            foreach (var (status, answer) in Members(before["responses"]))
            {
                if (after["responses"]?[status] is not { } now)
                {
                    found.Add($"{place}: answer {status} is gone");
                    continue;
                }

                Content($"{place} answer {status}", answer?["content"], now["content"], isRequest: false);
            }
        }

        private static Dictionary<string, JsonNode> Parameters(JsonNode operation) =>
            (operation["parameters"] as JsonArray ?? []).Where(parameter => parameter is not null)
                .ToDictionary(parameter => $"{parameter!["in"]} {parameter["name"]}", parameter => parameter!, StringComparer.Ordinal);

        private void Content(string place, JsonNode? before, JsonNode? after, bool isRequest)
        {
            foreach (var (type, content) in Members(before))
            {
                if (after?[type] is not { } now)
                {
                    found.Add($"{place}: content type {type} is gone");
                    continue;
                }

                Schema(place, content?["schema"], now["schema"], isRequest);
            }
        }

        private void Schema(string place, JsonNode? before, JsonNode? after, bool isRequest)
        {
            if (before is null)
            {
                return;
            }

            if (after is null)
            {
                found.Add($"{place}: the schema is gone");
                return;
            }

            var (was, now) = (Resolve(before, beforeRoot), Resolve(after, afterRoot));
            // A schema may refer to itself, also through a choice; nodes are compared by identity.
            if (!_seen.Add((isRequest, was, now)))
            {
                return;
            }

            if (Type(was) != Type(now))
            {
                found.Add($"{place}: the type was {Type(was)} and is {Type(now)}");
                return;
            }

            var (requiredBefore, requiredAfter) = (Required(was), Required(now));
            foreach (var (name, member) in Members(was["properties"]))
            {
                if (now["properties"]?[name] is not { } same)
                {
                    found.Add($"{place}: member {name} is gone");
                    continue;
                }

                if (!isRequest && requiredBefore.Contains(name) && !requiredAfter.Contains(name))
                {
                    found.Add($"{place}: member {name} may be absent now");
                }

                Schema($"{place}.{name}", member, same, isRequest);
            }

            if (isRequest)
            {
                found.AddRange(requiredAfter.Except(requiredBefore, StringComparer.Ordinal).Select(name => $"{place}: member {name} is required now"));
            }

            Schema($"{place}[]", was["items"], now["items"], isRequest);
        }

        // Nullable references are written as a choice between null and the referred schema; the choice's other side is what counts.
        private static JsonNode Resolve(JsonNode schema, JsonNode root)
        {
            for (var depth = 0; depth < 16; depth++)
            {
                if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices && choices.FirstOrDefault(choice => choice?["type"]?.ToString() != "null") is { } choice)
                {
                    schema = choice;
                }
                else if (schema["$ref"]?.ToString() is { } reference && reference.StartsWith("#/", StringComparison.Ordinal)
                    && reference[2..].Split('/').Aggregate((JsonNode?)root, (node, name) => node?[name]) is { } target)
                {
                    schema = target;
                }
                else
                {
                    break;
                }
            }

            return schema;
        }

        private static string Type(JsonNode schema)
        {
            var types = schema["type"] switch
            {
                JsonArray several => string.Join('|', several.Select(type => type?.ToString()).Order(StringComparer.Ordinal)),
                { } one => one.ToString(),
                null => "any",
            };
            return schema["format"] is { } format ? $"{types} ({format})" : types;
        }

        private static HashSet<string> Required(JsonNode schema) =>
            (schema["required"] as JsonArray ?? []).Select(name => name!.ToString()).ToHashSet(StringComparer.Ordinal);

        private static bool IsTrue(JsonNode? node) => node?.GetValueKind() == System.Text.Json.JsonValueKind.True;
    }
}
