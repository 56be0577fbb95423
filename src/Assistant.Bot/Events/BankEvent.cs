using System.Text.Json;
using Assistant.Bot.Planning;

namespace Assistant.Bot.Events;

/// <summary>Types of the bank's events this process knows (CloudEvents 1.0 <c>type</c>).</summary>
internal static class BankEventTypes
{
    public const string PaymentStateChanged = "securebank.payment.state_changed.v1";
    public const string PayeeCreated = "securebank.payee.created.v1";
    public const string SessionEnded = "securebank.session.ended.v1";
}

/// <summary>An event of the bank whose signature was checked, and the conversations it concerns.</summary>
internal sealed record BankEvent(string WebhookId, string Type, JsonElement Data, IReadOnlyList<string> ConversationIds)
{
    public bool EndsConversations => Type == BankEventTypes.SessionEnded;

    public string EndReason => Data.TryGetProperty("reason", out var reason) && reason.ValueKind == JsonValueKind.String ? reason.GetString()! : "session_ended";

    public CustomerInput Input => new CustomerInput.Event(Type, Data);
}
