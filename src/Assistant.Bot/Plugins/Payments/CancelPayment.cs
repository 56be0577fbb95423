using System.ComponentModel;
using System.Text.Json;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>Tool <c>payments_cancel</c>: withdraws a prepared payment.</summary>
internal sealed class CancelPayment(BankSession bank)
{
    [Description("Withdraws a payment prepared in this conversation that is not approved yet.")]
    public Task<JsonElement> InvokeAsync([Description("The payment (id from payments_draft).")] string paymentId, CancellationToken cancellationToken = default) =>
        bank.AskAsync((api, call, cancel) => api.CancelPaymentAsync(paymentId, call, cancel), payment => new { payment = PaymentShape.Of(payment) }, cancellationToken);
}
