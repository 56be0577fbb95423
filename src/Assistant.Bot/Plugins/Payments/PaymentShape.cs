using Banking.Client;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>A payment as tools answer it.</summary>
internal static class PaymentShape
{
    public static object Of(Payment payment) => new
    {
        payment.Id,
        payment.State,
        DebtorAccount = new { Id = payment.Debtor.AccountId, payment.Debtor.Name },
        Creditor = new { payment.Creditor.Name, payment.Creditor.Iban, payment.Creditor.PayeeId, payment.Creditor.AccountId },
        Amount = payment.InstructedAmount.Amount,
        Currency = payment.InstructedAmount.Currency.Code,
        Reference = payment.RemittanceInformation,
        payment.Reasons,
    };
}
