using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Assistant.Bot.Tests.Hosting;

/// <summary>An endpoint that speaks the OpenAI chat completions protocol and says whatever a test, or an attacker, wants.</summary>
internal sealed class FakeModel : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeModel(WebApplication app) => _app = app;

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Answers the n-th request of a turn: n is the number of tool results in it since the customer's last words.</summary>
    public Func<int, JsonNode, IResult> Answer { get; set; } = (_, _) => Say("Hello.");

    public Uri Address { get; private set; } = null!;

    public static async Task<FakeModel> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var model = new FakeModel(app);
        app.MapPost("/v1/chat/completions", async (HttpContext context) =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            model.Requests.Enqueue(body);
            var request = JsonNode.Parse(body)!;
            var messages = request["messages"]!.AsArray();
            var step = messages.Reverse().TakeWhile(message => (string?)message!["role"] != "user").Count(message => (string?)message!["role"] == "assistant");
            return model.Answer(step, request);
        });
        await app.StartAsync();
        model.Address = new Uri(app.Urls.Single() + "/v1");
        return model;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public IReadOnlyDictionary<string, string?> Settings() => new Dictionary<string, string?>
    {
        ["Assistant:Model:Endpoint"] = Address.AbsoluteUri,
        ["Assistant:Model:ApiKey"] = "key-for-tests",
        ["Assistant:Model:Name"] = "test-model",
    };

    public static IResult Say(string text) => Complete(new { role = "assistant", content = text }, "stop");

    public static IResult Call(params (string Name, object Arguments)[] calls) => Complete(
        new
        {
            role = "assistant",
            content = (string?)null,
            tool_calls = calls.Select((call, i) => new { id = $"call_{i}", type = "function", function = new { name = call.Name, arguments = call.Arguments as string ?? JsonSerializer.Serialize(call.Arguments) } }),
        },
        "tool_calls");

    private static IResult Complete(object message, string reason) => Results.Json(new
    {
        id = "chatcmpl-1",
        @object = "chat.completion",
        created = 1,
        model = "test-model",
        choices = new[] { new { index = 0, message, finish_reason = reason } },
        usage = new { prompt_tokens = 1, completion_tokens = 1, total_tokens = 2 },
    });
}
