using System.Text.Json.Nodes;
using Banking.Api.OpenApi;

namespace Banking.Api.Tests.OpenApi;

/// <summary>One operation of the API as its description states it: tests that must hold for all of them ask here, so that a new one is not forgotten.</summary>
/// <param name="Method">GET, POST and so on.</param>
/// <param name="Path">With parameters in braces.</param>
/// <param name="Id">The operation's name.</param>
/// <param name="Query">Names of query parameters.</param>
/// <param name="BodySchema">Name of the JSON body's schema.</param>
/// <param name="Body">Members of the JSON body.</param>
internal sealed record ApiOperation(string Method, string Path, string Id, IReadOnlyList<string> Query, string? BodySchema, IReadOnlyList<string> Body)
{
    public static async Task<IReadOnlyList<ApiOperation>> AllAsync(IServiceProvider services)
    {
        var document = JsonNode.Parse(await ApiDocument.WriteAsync(services))!;
        var found = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => Read(document, path.Key, operation.Key, operation.Value!))).ToList();
        Assert.True(found.Count >= 40, $"{found.Count} operations");
        return found;
    }

    public override string ToString() => $"{Method} {Path}";

    private static ApiOperation Read(JsonNode document, string path, string method, JsonNode operation)
    {
        var schema = operation["requestBody"]?["content"]?["application/json"]?["schema"]?["$ref"]?.GetValue<string>().Split('/')[^1];
        return new ApiOperation(
            method.ToUpperInvariant(),
            path,
            operation["operationId"]?.GetValue<string>() ?? "",
            [.. (operation["parameters"]?.AsArray() ?? []).Where(parameter => parameter!["in"]!.GetValue<string>() == "query").Select(parameter => parameter!["name"]!.GetValue<string>())],
            schema,
            schema is null ? [] : [.. document["components"]!["schemas"]![schema]!["properties"]!.AsObject().Select(property => property.Key)]);
    }
}
