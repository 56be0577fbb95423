using Banking.Api.Audit;
using Banking.Api.Events;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>Changes a payment's state by the table, and leaves the trail that goes with it in the same transaction: audit and event.</summary>
internal sealed class PaymentChanges(BankDbContext db, TimeProvider clock)
{
    public static Problem InvalidState { get; } = Problem.Conflict(ErrorCodes.InvalidPaymentState, "The payment is in a state that does not allow this.");

    /// <summary>The state the command leads to now; null when the state, or the time that has passed, does not allow it.</summary>
    public string? Next(PaymentRecord payment, PaymentCommand command) =>
        payment.State is PaymentStates.Draft or PaymentStates.AwaitingApproval or PaymentStates.Approved && payment.ExpiresAt <= clock.GetUtcNow() && command != PaymentCommand.Expire
            ? null
            : PaymentTransitions.Next(payment.State, command);

    /// <summary>Moves the payment, which is locked, to its next state.</summary>
    /// <exception cref="InvalidOperationException">The state does not allow it; ask <see cref="Next"/> first.</exception>
    public void Apply(PaymentRecord payment, PaymentCommand command, Caller? caller)
    {
        var previous = payment.State;
        payment.State = Next(payment, command) ?? throw new InvalidOperationException($"{command} of a payment in state {payment.State}.");
        payment.Version++;
        payment.UpdatedAt = clock.GetUtcNow();
        Tell(payment, previous, command.ToString().ToLowerInvariant(), caller);
    }

    /// <summary>Audit row and, when the state is another one, event of a change already made.</summary>
    public void Tell(PaymentRecord payment, string previous, string verb, Caller? caller)
    {
        Trail(payment, verb, caller);
        if (payment.State != previous)
        {
            var id = PublicId.Format(PublicId.Payment, payment.PublicId);
            var amount = new Money(payment.Amount, Currency.Of(payment.Currency));
            db.Add(OutboxEvent.Create(
                clock, EventTypes.PaymentStateChanged, id,
                PaymentEvents.Create(id, payment.State, previous, amount, payment.CreditorName, payment.Reasons, payment.ConversationId)));
        }
    }

    /// <summary>The audit row of a command.</summary>
    public void Trail(PaymentRecord payment, string verb, Caller? caller)
    {
        var subject = PublicId.Format(PublicId.Payment, payment.PublicId);
        db.Add(caller is null
            ? AuditEvent.Create(clock.GetUtcNow(), "system", null, "payment." + verb, subject, "ok")
            : AuditEvent.Create(clock.GetUtcNow(), caller, "payment." + verb, subject, "ok"));
    }
}
