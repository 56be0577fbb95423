using System.Text.Json.Nodes;
using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payments;

/// <summary>The payment behind an authorization of type <c>payment_initiation</c>.</summary>
internal sealed class PaymentAuthorizationSubject(PaymentChecks checks, PaymentChanges changes) : IAuthorizationSubject
{
    public string Type => AuthorizationTypes.PaymentInitiation;

    public async Task<JsonObject?> LoadForApprovalAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken)
    {
        if (await LockAsync(db, caller, subjectId, cancellationToken) is not { } payment || changes.Next(payment, PaymentCommand.Approve) is null)
        {
            return null;
        }

        var found = await checks.FindEndsAsync(payment, cancellationToken);
        return found.Value is { } ends
            ? PaymentDetails.Create(
                payment.PublicId, new Money(payment.Amount, Currency.Of(payment.Currency)), ends.Debtor.Iban, ends.Debtor.Name, payment.CreditorName, payment.CreditorIban, payment.Remittance)
            : null;
    }

    public Task OnApprovedAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken) =>
        ApplyAsync(db, caller, subjectId, PaymentCommand.Approve, cancellationToken);

    public Task OnDeclinedAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken) =>
        ApplyAsync(db, caller, subjectId, PaymentCommand.Decline, cancellationToken);

    private async Task ApplyAsync(BankDbContext db, Caller caller, long subjectId, PaymentCommand command, CancellationToken cancellationToken)
    {
        // A payment that went another way in the meantime stays there.
        if (await LockAsync(db, caller, subjectId, cancellationToken) is { } payment && changes.Next(payment, command) is not null)
        {
            changes.Apply(payment, command, caller);
            await db.SaveChangesAsync(cancellationToken);
        }
    }

    private static async Task<PaymentRecord?> LockAsync(BankDbContext db, Caller caller, long id, CancellationToken cancellationToken) =>
        (await db.Set<PaymentRecord>().FromSql($"select * from payment.payment where id = {id} and party_id = {caller.PartyId} for no key update").ToListAsync(cancellationToken)).SingleOrDefault();
}
