using System.Text.Json;
using System.Text.Json.Serialization;
using Assistant.Bot.Planning;

namespace Assistant.Bot.Turns;

/// <summary>A turn's input as the journal keeps it.</summary>
internal sealed record InputJson
{
    public string? Text { get; init; }

    public string? Action { get; init; }

    public string? Event { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Values { get; init; }

    public static InputJson From(CustomerInput input) => input switch
    {
        CustomerInput.Text text => new InputJson { Text = text.Value },
        CustomerInput.CardTap tap => new InputJson { Action = tap.Action, Values = tap.Values },
        CustomerInput.Event happened => new InputJson { Event = happened.Type, Values = happened.Data },
        _ => throw new ArgumentOutOfRangeException(nameof(input)),
    };

    public CustomerInput ToInput() => this switch
    {
        { Text: { } text } => new CustomerInput.Text(text),
        { Action: { } action, Values: { } values } => new CustomerInput.CardTap(action, values),
        { Event: { } type, Values: { } data } => new CustomerInput.Event(type, data),
        _ => throw new InvalidOperationException("The journal holds an input of a kind this version does not know."),
    };
}
