using System.ComponentModel;
using System.Text.Json;
using Banking.Client;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>Tool <c>payments_draft</c>: prepares a payment. Nothing moves until the customer approves it on the bank's page.</summary>
internal sealed class DraftPayment(BankSession bank, Func<string, string> approveLink)
{
    [Description("Prepares a payment for the customer to approve on the bank's page. Moves no money. Exactly one of payeeId and creditorAccountId.")]
    public Task<JsonElement> InvokeAsync(
        [Description("The account to pay from (id from accounts_list).")] string debtorAccountId,
        [Description("Decimal amount such as 60.00, as the customer said it.")] string amount,
        [Description("ISO 4217 code, for example GBP.")] string currency,
        [Description("A saved payee (id from payees_list) the customer named.")] string? payeeId = null,
        [Description("An own account to transfer to (id from accounts_list).")] string? creditorAccountId = null,
        [Description("What the payee shall read, in the customer's words.")] string? reference = null,
        CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrEmpty(payeeId) == string.IsNullOrEmpty(creditorAccountId))
        {
            return Task.FromResult(BankSession.Error("invalid_arguments", "Exactly one of payeeId and creditorAccountId is needed."));
        }

        if (PaymentAmount.Read(amount, currency, out var money) is { } fault)
        {
            return Task.FromResult(fault);
        }

        var request = new CreatePayment(debtorAccountId, NullIfEmpty(payeeId), NullIfEmpty(creditorAccountId), money, NullIfEmpty(reference));
        return bank.AskAsync(
            (api, call, cancel) => api.DraftPaymentAsync(request, call, cancel),
            payment => new { payment = PaymentShape.Of(payment), approveLink = approveLink(payment.Id) },
            cancellationToken);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
