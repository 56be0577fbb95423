using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Hosting;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using OpenAIMessage = OpenAI.Chat.ChatMessage;

namespace Assistant.Bot.Planning.Model;

/// <summary>The model did not answer as it must; <see cref="Exception.Message"/> says how, without what it said.</summary>
internal sealed class ModelFaultException(string message) : Exception(message);

/// <summary>
/// A planner on any endpoint that speaks the OpenAI chat completions protocol. Bounded in time, tokens and text; whatever it does not do right is
/// thrown, and the turn goes on with the embedded planner.
/// </summary>
internal sealed class ModelPlanner : IPlanner
{
    private const int OutputTokensMax = 500;
    private const int ReplyLengthMax = 1500;
    private const int HistoryLengthMax = 24_000;
    private const int CallsPerStepMax = 4;

    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private static readonly AIJsonSchemaTransformOptions StrictSchema = new() { DisallowAdditionalProperties = true, RequireAllProperties = true, MoveDefaultKeywordToDescription = true };

    private readonly ChatClient _chat;
    private readonly TimeProvider _clock;

    public ModelPlanner(ModelSettings settings, TimeProvider clock)
    {
        _clock = clock;
        _chat = new ChatClient(
            settings.Name,
            new ApiKeyCredential(settings.ApiKey),
            // No repeats: a customer waits, and the embedded planner is there at once.
            new OpenAIClientOptions { Endpoint = settings.Endpoint, NetworkTimeout = TimeMax, RetryPolicy = new ClientRetryPolicy(maxRetries: 0) });
    }

    /// <inheritdoc/>
    public string Name => "model";

    /// <inheritdoc/>
    public async Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken)
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = OutputTokensMax, Temperature = 0, AllowParallelToolCalls = false };
        foreach (var tool in turn.Tools)
        {
            var schema = AIJsonUtilities.TransformSchema(tool.JsonSchema, StrictSchema);
            options.Tools.Add(ChatTool.CreateFunctionTool(tool.Name, tool.Description, BinaryData.FromString(schema.GetRawText()), functionSchemaIsStrict: true));
        }

        using var limit = new CancellationTokenSource(TimeMax, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        ChatCompletion answer = await _chat.CompleteChatAsync(Compose(turn), options, either.Token);
        return answer.ToolCalls.Count > 0 ? ReadCalls(answer.ToolCalls, turn.Tools) : ReadReply(answer);
    }

    private static PlannerStep.CallTools ReadCalls(IReadOnlyList<ChatToolCall> calls, IReadOnlyList<AIFunctionDeclaration> tools)
    {
        if (calls.Count > CallsPerStepMax)
        {
            throw new ModelFaultException("The model asked for too many calls at once.");
        }

        var read = new List<FunctionCallContent>();
        foreach (var call in calls)
        {
            if (!tools.Any(tool => string.Equals(tool.Name, call.FunctionName, StringComparison.Ordinal)))
            {
                throw new ModelFaultException("The model asked for a tool that does not exist.");
            }

            JsonElement arguments;
            try
            {
                arguments = JsonElement.Parse(call.FunctionArguments.ToMemory().Span);
            }
            catch (JsonException)
            {
                throw new ModelFaultException("The model's arguments are not JSON.");
            }

            if (arguments.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFaultException("The model's arguments are not an object.");
            }

            read.Add(new FunctionCallContent(
                call.Id,
                call.FunctionName,
                arguments.EnumerateObject().Where(argument => argument.Value.ValueKind != JsonValueKind.Null).DistinctBy(argument => argument.Name)
                    .ToDictionary(argument => argument.Name, object? (argument) => argument.Value.Clone(), StringComparer.Ordinal)));
        }

        return new PlannerStep.CallTools(read, []);
    }

    private static PlannerStep.Reply ReadReply(ChatCompletion answer)
    {
        var text = string.Concat(answer.Content.Where(part => part.Kind == ChatMessageContentPartKind.Text).Select(part => part.Text)).Trim();
        if (answer.FinishReason != OpenAI.Chat.ChatFinishReason.Stop || text.Length is 0 or > ReplyLengthMax)
        {
            throw new ModelFaultException("The model gave no usable reply.");
        }

        return new PlannerStep.Reply(text, [], [], []);
    }

    private static List<OpenAIMessage> Compose(PlannerTurn turn)
    {
        // The newest messages count; a tool's result without the call it answers is refused by the protocol, so the cut is at a customer's message.
        var messages = turn.Messages.ToList();
        while (messages.Sum(Length) > HistoryLengthMax && messages.FindIndex(1, message => message.Role == ChatRole.User) is var next and > 0)
        {
            messages.RemoveRange(0, next);
        }

        var composed = new List<OpenAIMessage> { new SystemChatMessage(SystemPrompt.For(turn)) };
        foreach (var message in messages)
        {
            var calls = message.Contents.OfType<FunctionCallContent>().ToList();
            if (calls.Count > 0)
            {
                composed.Add(new AssistantChatMessage(calls.Select(call => ChatToolCall.CreateFunctionToolCall(call.CallId, call.Name, BinaryData.FromObjectAsJson(call.Arguments ?? new Dictionary<string, object?>())))));
                continue;
            }

            foreach (var result in message.Contents.OfType<FunctionResultContent>())
            {
                composed.Add(new ToolChatMessage(result.CallId, new JsonObject { ["untrusted_data"] = JsonSerializer.SerializeToNode(result.Result) }.ToJsonString()));
            }

            if (message.Text.Length > 0)
            {
                // Reports of the bank carry names other people chose: they come as words of the conversation, never as the system's.
                composed.Add(message.Role == ChatRole.Assistant ? new AssistantChatMessage(message.Text) : new UserChatMessage(message.Text));
            }
        }

        return composed;
    }

    private static int Length(ChatMessage message) => message.Contents.Sum(content => content switch
    {
        TextContent text => text.Text.Length,
        FunctionResultContent { Result: JsonElement result } => result.GetRawText().Length,
        _ => 100,
    });
}
