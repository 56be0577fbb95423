using System.Text.Json;
using Assistant.Bot.Planning;

namespace Assistant.Bot.Turns;

/// <summary>The customer's decision whether what they write and their account data may go to an external model. Asked once per conversation; until it is given, the embedded planner answers.</summary>
internal static class ModelConsent
{
    /// <summary>Action behind the two buttons. Values: <c>{allow:true|false}</c>.</summary>
    public const string Action = "model_consent";

    /// <summary>The decision, when the input is one.</summary>
    public static bool? Read(CustomerInput input) =>
        input is CustomerInput.CardTap { Action: Action, Values: var values } && values.ValueKind == JsonValueKind.Object
            && values.TryGetProperty("allow", out var allow) && allow.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? allow.ValueKind == JsonValueKind.True
            : null;
}
