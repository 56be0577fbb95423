using System.Text.Json.Nodes;
using Banking.Api.OpenApi;
using Banking.Api.Tests.Accounts;
using Testing;

namespace Banking.Api.Tests.OpenApi;

public sealed class ApiDocumentTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly string File = RepositoryFolder.Combine("docs", "reference", "openapi.v1.json");

    [Fact]
    public async Task Document_AsBuilt_IsTheOneCheckedIn()
    {
        var built = await ApiDocument.WriteAsync(world.Host.Services);
        var checkedIn = (await System.IO.File.ReadAllTextAsync(File)).ReplaceLineEndings("\n");
        Assert.Empty(BreakingChanges.Find(JsonNode.Parse(checkedIn)!, JsonNode.Parse(built)!));
        Assert.True(built == checkedIn, "The API changed: write its description anew with 'dotnet run --project src/Banking.Api -- openapi docs/reference/openapi.v1.json'.");
    }

    [Fact]
    public async Task EveryOperation_HasANameASummaryAndItsProblems()
    {
        var document = JsonNode.Parse(await ApiDocument.WriteAsync(world.Host.Services))!;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in item!.AsObject())
            {
                var place = $"{method} {path}";
                Assert.True(names.Add(operation!["operationId"]?.GetValue<string>() ?? ""), place);
                Assert.False(string.IsNullOrWhiteSpace(operation["summary"]?.GetValue<string>()), place);
                Assert.True(operation["responses"]!.AsObject().Any(answer => answer.Key.StartsWith('2')), place);
                Assert.True(operation["responses"]!["default"]?["content"]?["application/problem+json"] is not null, place);
                if (method is "patch" or "put")
                {
                    Assert.True(operation["requestBody"] is not null, place);
                }
            }
        }

        Assert.Equal(
            ["grant_type", "subject_token", "subject_token_type"],
            document["paths"]!["/v1/token"]!["post"]!["requestBody"]!["content"]!["application/x-www-form-urlencoded"]!["schema"]!["properties"]!.AsObject().Select(member => member.Key));
    }

    [Theory]
    [InlineData("/paths/~1things", null, "the path is gone")]
    [InlineData("/paths/~1things/post", null, "the operation is gone")]
    [InlineData("/paths/~1things/post/responses/201", null, "answer 201 is gone")]
    [InlineData("/components/schemas/Thing/properties/id", null, "member id is gone")]
    [InlineData("/components/schemas/Thing/properties/id/type", "\"integer\"", "the type was string and is integer")]
    [InlineData("/components/schemas/Thing/required", "[]", "member id may be absent now")]
    [InlineData("/components/schemas/NewThing/required", "[\"name\",\"note\"]", "member note is required now")]
    [InlineData("/components/schemas/NewThing/properties/note", null, "member note is gone")]
    [InlineData("/paths/~1things/post/parameters", "[{\"name\":\"key\",\"in\":\"header\",\"required\":true,\"schema\":{\"type\":\"string\"}}]", "parameter header key is required")]
    public void BreakingChanges_WhenCallersWouldBreak_AreNamed(string path, string? value, string fault)
    {
        var after = Document();
        Change(after, path, value);
        Assert.Contains(BreakingChanges.Find(Document(), after), line => line.Contains(fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/paths/~1others", "{\"get\":{\"responses\":{}}}")]
    [InlineData("/components/schemas/Thing/properties/more", "{\"type\":\"string\"}")]
    [InlineData("/components/schemas/NewThing/properties/more", "{\"type\":\"string\"}")]
    [InlineData("/paths/~1things/post/responses/202", "{\"description\":\"\"}")]
    public void BreakingChanges_WhenSomethingIsAdded_AreNone(string path, string value)
    {
        var after = Document();
        Change(after, path, value);
        Assert.Empty(BreakingChanges.Find(Document(), after));
    }

    private static JsonNode Document() => JsonNode.Parse(
        """
        {
          "paths": { "/things": { "post": {
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/NewThing" } } } },
            "responses": { "201": { "content": { "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } } } } } }
          } } },
          "components": { "schemas": {
            "Thing": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "parent": { "oneOf": [ { "type": "null" }, { "$ref": "#/components/schemas/Thing" } ] } } },
            "NewThing": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" }, "note": { "type": ["null", "string"] } } }
          } }
        }
        """)!;

    private static void Change(JsonNode document, string path, string? value)
    {
        var names = path.Split('/').Skip(1).Select(name => name.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        var parent = names.SkipLast(1).Aggregate(document, (node, name) => node[name]!).AsObject();
        if (value is null)
        {
            parent.Remove(names[^1]);
        }
        else
        {
            parent[names[^1]] = JsonNode.Parse(value);
        }
    }
}
