using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>What the outside is told when a payment changes: nothing the customer may not read.</summary>
internal static class PaymentEvents
{
    public static JsonObject Create(Payment payment, string previousState, string? conversationId)
    {
        var data = new JsonObject
        {
            ["paymentId"] = payment.Id,
            ["state"] = payment.State,
            ["previousState"] = previousState,
            ["amount"] = payment.InstructedAmount.Amount,
            ["currency"] = payment.InstructedAmount.Currency.Code,
            ["creditorName"] = payment.Creditor.Name,
            ["reasons"] = new JsonArray([.. payment.Reasons.Select(reason => (JsonNode)reason)]),
        };
        if (conversationId is not null)
        {
            data["conversationId"] = conversationId;
        }

        return data;
    }

    public static string Write(Payment payment, string previousState, string? conversationId) =>
        Create(payment, previousState, conversationId).ToJsonString(JsonSerializerOptions.Web);
}
