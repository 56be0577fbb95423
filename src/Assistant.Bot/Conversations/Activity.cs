using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Assistant.Bot.Conversations;

/// <summary>A party of an activity (Bot Framework activity schema, <c>ChannelAccount</c>).</summary>
public sealed record ChannelAccount(string Id, string? Name = null, string? Role = null);

/// <summary>The conversation an activity belongs to (<c>ConversationAccount</c>).</summary>
public sealed record ConversationAccount(string Id);

/// <summary>Something attached to a message; for us always an Adaptive Card.</summary>
public sealed record Attachment(string ContentType, JsonNode Content);

/// <summary>A suggested answer; tapping it sends its title as the customer's own words.</summary>
public sealed record CardAction(string Type, string Title, string Value);

/// <summary>The suggested answers under a message.</summary>
public sealed record SuggestedActions(IReadOnlyList<CardAction> Actions);

/// <summary>
/// A Bot Framework activity as Direct Line 3.0 carries it. Only the members this channel uses; anything else a client sends is dropped.
/// </summary>
public sealed record Activity
{
    /// <summary><c>message</c>, <c>typing</c> or <c>event</c>.</summary>
    public required string Type { get; init; }

    /// <summary><c>conversation|0000001</c>; the digits are the sequence within the conversation.</summary>
    public string? Id { get; init; }

    /// <summary>When the bank received or said it.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Always <c>directline</c>.</summary>
    public string ChannelId { get; init; } = "directline";

    /// <summary>Who said it. For a client this is what its token says, whatever the client claims.</summary>
    public ChannelAccount? From { get; init; }

    /// <summary>The conversation.</summary>
    public ConversationAccount? Conversation { get; init; }

    /// <summary>BCP 47 language tag.</summary>
    public string? Locale { get; init; }

    /// <summary>What was said.</summary>
    public string? Text { get; init; }

    /// <summary>Always <c>plain</c>: no text of ours or of a third party is ever rendered as markup.</summary>
    public string? TextFormat { get; init; }

    /// <summary>Name of an event.</summary>
    public string? Name { get; init; }

    /// <summary>The values of a tapped card.</summary>
    public JsonNode? Value { get; init; }

    /// <summary>Cards.</summary>
    public IReadOnlyList<Attachment>? Attachments { get; init; }

    /// <summary>Suggested answers.</summary>
    public SuggestedActions? SuggestedActions { get; init; }

    /// <summary>What a client matches its own message by: <c>clientActivityID</c>, <c>postBack</c>.</summary>
    public JsonObject? ChannelData { get; init; }

    /// <summary>The message this one answers.</summary>
    public string? ReplyToId { get; init; }
}

/// <summary>Activities and the watermark after the last of them; without a watermark the client keeps the one it has.</summary>
public sealed record ActivitySet(IReadOnlyList<Activity> Activities, string? Watermark);

/// <summary>JSON of the Bot Framework: camel case, absent instead of null.</summary>
internal static class ActivityJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Two members of one name are read differently by different readers; nothing honest sends them.
        AllowDuplicateProperties = false,
    };
}
