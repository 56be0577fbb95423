using System.ComponentModel;
using System.Text.Json;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>Tool <c>payments_amend</c>: changes a prepared payment. An approval asked for before ends with it.</summary>
internal sealed class AmendPayment(BankSession bank, Func<string, string> approveLink)
{
    [Description("Changes a payment prepared in this conversation that is not approved yet. What is left out stays.")]
    public async Task<JsonElement> InvokeAsync(
        [Description("The payment (id from payments_draft).")] string paymentId,
        [Description("Decimal amount such as 60.00, as the customer said it.")] string? amount = null,
        [Description("The account to pay from (id from accounts_list).")] string? debtorAccountId = null,
        [Description("A saved payee (id from payees_list) the customer named.")] string? payeeId = null,
        [Description("What the payee shall read, in the customer's words.")] string? reference = null,
        CancellationToken cancellationToken = default)
    {
        Banking.Client.Money? changed = null;
        if (!string.IsNullOrEmpty(amount))
        {
            // The amount is meant in the currency the payment has.
            var current = await bank.SendAsync((api, call, cancel) => api.GetPaymentAsync(paymentId, call, cancel), cancellationToken);
            if (!current.Succeeded)
            {
                return BankSession.Error(current.Problem.Code, current.Problem.Detail ?? current.Problem.Title);
            }

            if (PaymentAmount.Read(amount, current.Value.InstructedAmount.Currency.Code, out var money) is { } fault)
            {
                return fault;
            }

            changed = money;
        }

        var request = new Banking.Client.AmendPayment(debtorAccountId, payeeId, CreditorAccountId: null, changed, reference);
        return await bank.AskAsync(
            (api, call, cancel) => api.AmendPaymentAsync(paymentId, request, call, cancel),
            payment => new { payment = PaymentShape.Of(payment), approveLink = approveLink(payment.Id) },
            cancellationToken);
    }
}
