using System.ComponentModel;
using System.Text.Json;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>Tool <c>payments_status</c>.</summary>
internal sealed class GetPaymentStatus(BankSession bank)
{
    private const int LatestMax = 3;

    [Description("The state of a payment, or of the latest payments prepared in this conversation.")]
    public async Task<JsonElement> InvokeAsync([Description("The payment; leave out for the latest.")] string? paymentId = null, CancellationToken cancellationToken = default)
    {
        if (!string.IsNullOrEmpty(paymentId))
        {
            return await bank.AskAsync((api, call, cancel) => api.GetPaymentAsync(paymentId, call, cancel), payment => new { payments = new[] { PaymentShape.Of(payment) } }, cancellationToken);
        }

        return await bank.AskAsync(
            (api, call, cancel) => api.ListPaymentsAsync(state: null, bank.Call.ConversationId, cursor: null, LatestMax, call, cancel),
            page => new { payments = page.Items.Select(PaymentShape.Of) },
            cancellationToken);
    }
}
