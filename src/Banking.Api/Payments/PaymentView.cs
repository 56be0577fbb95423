using Banking.Api.Accounts;
using Banking.Api.Authorizations;
using Banking.Api.Infrastructure;
using Banking.Api.Payees;
using Banking.Api.Transactions;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payments;

/// <summary>Payments as their party sees them.</summary>
internal static class PaymentView
{
    /// <summary>Locks a payment of a party for change; null when it has no such payment.</summary>
    public static async Task<PaymentRecord?> LockAsync(BankDbContext db, long partyId, string paymentId, CancellationToken cancellationToken) =>
        PublicId.TryParse(paymentId, PublicId.Payment, out var id)
            ? (await db.Set<PaymentRecord>().FromSql($"select * from payment.payment where public_id = {id} and party_id = {partyId} for no key update").ToListAsync(cancellationToken)).SingleOrDefault()
            : null;

    /// <summary>Wire forms of the party's payments in the given order; ids of other kinds come by look-ups of the same party.</summary>
    public static async Task<List<Payment>> ToContractAsync(BankDbContext db, long partyId, IReadOnlyList<PaymentRecord> payments, CancellationToken cancellationToken)
    {
        var ids = payments.Select(payment => payment.Id).ToList();
        var publicIds = payments.Select(payment => (Guid?)payment.PublicId).ToList();
        var payeeIds = payments.Select(payment => payment.PayeeId).OfType<long>().Distinct().ToList();
        var accounts = (await db.Set<HeldAccount>().Where(account => account.PartyId == partyId).ToListAsync(cancellationToken)).ToDictionary(account => account.Id);
        var payees = payeeIds.Count == 0
            ? []
            : await db.Set<PayeeRecord>().AsNoTracking().Where(payee => payee.PartyId == partyId && payeeIds.Contains(payee.Id)).ToDictionaryAsync(payee => payee.Id, payee => payee.PublicId, cancellationToken);
        var authorizations = await db.Set<AuthorizationRecord>().AsNoTracking()
            .Where(row => row.Type == AuthorizationTypes.PaymentInitiation && ids.Contains(row.SubjectId!.Value))
            .GroupBy(row => row.SubjectId!.Value)
            .Select(group => group.OrderByDescending(row => row.Id).Select(row => new { Subject = row.SubjectId!.Value, row.PublicId }).First())
            .ToListAsync(cancellationToken);
        var authorizationOf = authorizations.ToDictionary(row => row.Subject, row => row.PublicId);
        var transactions = payments.Any(payment => payment.ExecutedAt is not null)
            ? await db.Set<HeldTransaction>()
                .Where(row => row.PartyId == partyId && publicIds.Contains(row.PaymentPublicId) && row.Amount < 0)
                .Select(row => new { row.PaymentPublicId, row.AccountId, row.PublicId }).ToListAsync(cancellationToken)
            : [];
        return [.. payments.Select(payment => ToContract(
            payment,
            accounts.GetValueOrDefault(payment.DebtorAccountId),
            payment.CreditorAccountId is { } creditor ? accounts.GetValueOrDefault(creditor)?.PublicId : null,
            payment.PayeeId is { } payee && payees.TryGetValue(payee, out var payeeId) ? payeeId : null,
            authorizationOf.TryGetValue(payment.Id, out var authorization) ? authorization : null,
            transactions.Find(row => row.PaymentPublicId == payment.PublicId && row.AccountId == payment.DebtorAccountId)?.PublicId))];
    }

    /// <summary>Wire form of one payment.</summary>
    public static async Task<Payment> ToContractAsync(BankDbContext db, PaymentRecord payment, CancellationToken cancellationToken) =>
        (await ToContractAsync(db, payment.PartyId, [payment], cancellationToken))[0];

    public static Payment ToContract(PaymentRecord payment, PaymentEnds ends, Guid? authorization) =>
        ToContract(payment, ends.Debtor, ends.Creditor?.PublicId, ends.Payee?.PublicId, authorization, null);

    private static Payment ToContract(PaymentRecord payment, HeldAccount? debtor, Guid? creditorAccount, Guid? payee, Guid? authorization, Guid? transaction) => new(
        PublicId.Format(PublicId.Payment, payment.PublicId),
        payment.State,
        new PaymentParty(debtor?.Name ?? "", debtor?.Iban ?? "", debtor is null ? null : PublicId.Format(PublicId.Account, debtor.PublicId), null),
        new PaymentParty(
            payment.CreditorName,
            payment.CreditorIban,
            creditorAccount is { } account ? PublicId.Format(PublicId.Account, account) : null,
            payee is { } id ? PublicId.Format(PublicId.Payee, id) : null),
        new Money(payment.Amount, Currency.Of(payment.Currency)),
        payment.Remittance,
        payment.Channel,
        payment.CreatedAt,
        payment.UpdatedAt,
        payment.ExecutedAt,
        authorization is { } value ? PublicId.Format(PublicId.Authorization, value) : null,
        transaction is { } posting ? PublicId.Format(PublicId.Transaction, posting) : null,
        payment.FailureCode,
        payment.Reasons);
}
