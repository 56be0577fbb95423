using System.ComponentModel;
using System.Text.Json;
using Banking.Client;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>Tool <c>payments_status</c>.</summary>
internal sealed class GetPaymentStatus(BankSession bank)
{
    private const int LatestMax = 3;

    [Description("The state of a payment, or of the latest payments prepared in this conversation.")]
    public async Task<JsonElement> InvokeAsync([Description("The payment; leave out for the latest.")] string? paymentId = null, CancellationToken cancellationToken = default)
    {
        IEnumerable<string> ids = string.IsNullOrEmpty(paymentId) ? bank.Call.PaymentIds.Take(LatestMax) : [paymentId];
        var payments = new List<object>();
        foreach (var id in ids)
        {
            var result = await bank.SendAsync((api, call, cancel) => api.GetPaymentAsync(id, call, cancel), cancellationToken);
            if (result.Succeeded)
            {
                payments.Add(PaymentShape.Of(result.Value));
            }
            else if (result.Problem.Code != ErrorCodes.NotFound || !string.IsNullOrEmpty(paymentId))
            {
                return BankSession.Error(result.Problem.Code, result.Problem.Detail ?? result.Problem.Title);
            }
        }

        return BankSession.Element(new { payments });
    }
}
