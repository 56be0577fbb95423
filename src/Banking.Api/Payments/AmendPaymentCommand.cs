using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>Changes a payment that nobody approved yet. An approval asked for before is void: what would be approved is no longer what was shown.</summary>
internal static class AmendPaymentCommand
{
    public static Task<IResult> HandleAsync(
        string paymentId, AmendPayment request, HttpContext http, Caller caller, IdempotentCommand commands, BankDbContext db, PaymentChecks checks, PaymentChanges changes,
        IAuthorizations authorizations) =>
        commands.RunAsync<Payment>(http, caller, required: false, $"payment.amend:{paymentId}", request, StatusCodes.Status200OK, async cancellationToken =>
        {
            if (request.PayeeId is not null && request.CreditorAccountId is not null)
            {
                return PaymentChecks.CheckForm(request.PayeeId, request.CreditorAccountId, null)!;
            }

            if ((PaymentChecks.CheckRemittance(request.RemittanceInformation) ?? (request.InstructedAmount is { } wanted ? PaymentChecks.CheckAmount(wanted) : null)) is { } fault)
            {
                return fault;
            }

            if (await PaymentView.LockAsync(db, caller.PartyId, paymentId, cancellationToken) is not { } payment)
            {
                return Problem.NotFound("There is no such payment.");
            }

            // What the customer prepared on the bank's pages is not the assistant's to change.
            if (caller.Kind == CallerKind.Delegated && payment.Channel != "assistant")
            {
                return new Problem(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, "The assistant changes only what it prepared.");
            }

            if (changes.Next(payment, PaymentCommand.Amend) is null)
            {
                return PaymentChanges.InvalidState;
            }

            // What stays is looked up again, since it may be gone.
            var present = await checks.FindEndsAsync(payment, cancellationToken);
            var replacesCreditor = request.PayeeId is not null || request.CreditorAccountId is not null;
            if (present.Problem is not null && !(replacesCreditor && request.DebtorAccountId is not null))
            {
                return present.Problem;
            }

            var found = await checks.FindEndsAsync(
                caller,
                request.DebtorAccountId ?? PublicId.Format(PublicId.Account, present.Value!.Debtor.PublicId),
                replacesCreditor ? request.PayeeId : present.Value!.Payee is { } payee ? PublicId.Format(PublicId.Payee, payee.PublicId) : null,
                replacesCreditor ? request.CreditorAccountId : present.Value!.Creditor is { } creditor ? PublicId.Format(PublicId.Account, creditor.PublicId) : null,
                cancellationToken);
            if (found.Value is not { } ends)
            {
                return found.Problem!;
            }

            var amount = request.InstructedAmount ?? new Money(payment.Amount, Currency.Of(payment.Currency));
            if (await checks.CheckAsync(ends, amount, caller, payment.Channel == "assistant", payment.Id, cancellationToken) is { } refused)
            {
                return refused;
            }

            payment.DebtorAccountId = ends.Debtor.Id;
            payment.PayeeId = ends.Payee?.Id;
            payment.CreditorAccountId = ends.Creditor?.Id;
            payment.CreditorName = ends.CreditorName;
            payment.CreditorIban = ends.CreditorIban;
            payment.Amount = amount.MinorUnits;
            payment.Currency = amount.Currency.Code;
            payment.Remittance = request.RemittanceInformation ?? payment.Remittance;
            changes.Apply(payment, PaymentCommand.Amend, caller);
            await authorizations.SupersedeAsync(db, AuthorizationTypes.PaymentInitiation, payment.Id, cancellationToken);
            return PaymentView.ToContract(payment, ends, authorization: null);
        });
}
