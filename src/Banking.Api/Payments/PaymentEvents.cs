using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>What the outside is told when a payment changes: nothing the customer may not read.</summary>
internal static class PaymentEvents
{
    public static JsonObject Create(string paymentId, string state, string previousState, Money amount, string creditorName, IReadOnlyList<string> reasons, string? conversationId)
    {
        var data = new JsonObject
        {
            ["paymentId"] = paymentId,
            ["state"] = state,
            ["previousState"] = previousState,
            ["amount"] = amount.Amount,
            ["currency"] = amount.Currency.Code,
            ["creditorName"] = creditorName,
            ["reasons"] = new JsonArray([.. reasons.Select(reason => (JsonNode)reason)]),
        };
        if (conversationId is not null)
        {
            data["conversationId"] = conversationId;
        }

        return data;
    }

    public static string Write(Payment payment, string previousState, string? conversationId) =>
        Create(payment.Id, payment.State, previousState, payment.InstructedAmount, payment.Creditor.Name, payment.Reasons, conversationId).ToJsonString(JsonSerializerOptions.Web);
}
