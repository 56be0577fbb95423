using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payments;

/// <summary>
/// Ends a payment that has not been posted. The assistant may end what nobody approved yet; what is approved or held, only the customer.
/// A held payment gives its reservation back.
/// </summary>
internal static class CancelPayment
{
    public static Task<IResult> HandleAsync(
        string paymentId, HttpContext http, Caller caller, IdempotentCommand commands, BankDbContext db, PaymentChanges changes, IAuthorizations authorizations,
        BankCalendar calendar, TimeProvider clock) =>
        commands.RunAsync<Payment>(http, caller, required: false, $"payment.cancel:{paymentId}", null, StatusCodes.Status200OK, async cancellationToken =>
        {
            // Not locked yet: a held payment's account is locked first, as posting does.
            var payment = PublicId.TryParse(paymentId, PublicId.Payment, out var id)
                ? await db.Set<PaymentRecord>().AsNoTracking().SingleOrDefaultAsync(row => row.PublicId == id && row.PartyId == caller.PartyId, cancellationToken)
                : null;
            if (payment is null)
            {
                return Problem.NotFound("There is no such payment.");
            }

            if (payment.State == PaymentStates.Held)
            {
                return await CancelHeldAsync(payment, caller, db, changes, calendar, clock, cancellationToken);
            }

            payment = (await PaymentView.LockAsync(db, caller.PartyId, paymentId, cancellationToken))!;
            if (caller.Kind == CallerKind.Delegated && payment.State is not (PaymentStates.Draft or PaymentStates.AwaitingApproval))
            {
                return PaymentTransitions.Next(payment.State, PaymentCommand.Cancel) is null ? PaymentChanges.InvalidState : CustomerOnly;
            }

            if (payment.State == PaymentStates.Held || changes.Next(payment, PaymentCommand.Cancel) is null)
            {
                return PaymentChanges.InvalidState;
            }

            changes.Apply(payment, PaymentCommand.Cancel, caller);
            await authorizations.SupersedeAsync(db, AuthorizationTypes.PaymentInitiation, payment.Id, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            return await PaymentView.ToContractAsync(db, payment, cancellationToken);
        });

    private static Problem CustomerOnly { get; } =
        new(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, "Only the customer, on the bank's own pages, ends a payment that is approved or held.");

    private static async Task<Outcome<Payment>> CancelHeldAsync(
        PaymentRecord payment, Caller caller, BankDbContext db, PaymentChanges changes, BankCalendar calendar, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (caller.Kind == CallerKind.Delegated)
        {
            return CustomerOnly;
        }

        var heldOn = calendar.DateOf(payment.UpdatedAt);
        var now = clock.GetUtcNow();
        var released = await db.Database
            .SqlQuery<bool>($"select ledger.release_hold({payment.Id}, {payment.Version}, 'cancelled', {now}, {heldOn}) as \"Value\"")
            .SingleAsync(cancellationToken);
        if (!released)
        {
            return PaymentChanges.InvalidState;
        }

        var cancelled = await db.Set<PaymentRecord>().AsNoTracking().SingleAsync(row => row.Id == payment.Id, cancellationToken);
        changes.Tell(cancelled, payment.State, "cancel", caller);
        return await PaymentView.ToContractAsync(db, cancelled, cancellationToken);
    }
}
