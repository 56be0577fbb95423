using System.Text.Json.Nodes;
using Banking.Api.Authorizations;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>
/// What the customer is shown and approves: the details of an authorization of type <c>payment_initiation</c> (RFC 9396 section 2, with the
/// member names of its payment example). Amount and payee are in it, so the approval is specific to them (PSD2 RTS article 5).
/// </summary>
internal static class PaymentDetails
{
    public static JsonObject Create(Guid paymentId, Money amount, string debtorIban, string debtorName, string creditorName, string creditorIban, string? remittance) => new()
    {
        ["type"] = AuthorizationTypes.PaymentInitiation,
        ["paymentId"] = PublicId.Format(PublicId.Payment, paymentId),
        ["instructedAmount"] = new JsonObject { ["amount"] = amount.Amount, ["currency"] = amount.Currency.Code },
        ["debtorAccount"] = new JsonObject { ["iban"] = debtorIban, ["name"] = debtorName },
        ["creditorName"] = creditorName,
        ["creditorAccount"] = new JsonObject { ["iban"] = creditorIban },
        ["remittanceInformation"] = remittance,
    };
}
