using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;

namespace Banking.Api.Payments;

/// <summary>Prepares a payment. Nothing moves: it is a draft until the customer submits and approves it.</summary>
internal static class DraftPayment
{
    public static Task<IResult> HandleAsync(
        CreatePayment request, HttpContext http, Caller caller, IdempotentCommand commands, BankDbContext db, PaymentChecks checks, PaymentChanges changes, TimeProvider clock) =>
        commands.RunAsync<Payment>(http, caller, required: true, "payment.draft", request, StatusCodes.Status201Created, async cancellationToken =>
        {
            var throughAssistant = caller.Kind == CallerKind.Delegated;
            if ((PaymentChecks.CheckForm(request.PayeeId, request.CreditorAccountId, request.RemittanceInformation) ?? PaymentChecks.CheckAmount(request.InstructedAmount)) is { } fault)
            {
                return fault;
            }

            var found = await checks.FindEndsAsync(caller, request.DebtorAccountId, request.PayeeId, request.CreditorAccountId, cancellationToken);
            if (found.Value is not { } ends)
            {
                return found.Problem!;
            }

            if (await checks.CheckAsync(ends, request.InstructedAmount, caller, throughAssistant, exceptPaymentId: 0, cancellationToken) is { } refused)
            {
                return refused;
            }

            var now = clock.GetUtcNow();
            var payment = new PaymentRecord
            {
                PublicId = PublicId.NewValue(clock),
                PartyId = caller.PartyId,
                UserId = caller.UserId,
                DebtorAccountId = ends.Debtor.Id,
                PayeeId = ends.Payee?.Id,
                CreditorAccountId = ends.Creditor?.Id,
                CreditorName = ends.CreditorName,
                CreditorIban = ends.CreditorIban,
                Amount = request.InstructedAmount.MinorUnits,
                Currency = request.InstructedAmount.Currency.Code,
                Remittance = request.RemittanceInformation,
                Channel = throughAssistant ? "assistant" : "web",
                ConversationId = throughAssistant ? caller.ConversationId : null,
                State = PaymentStates.Draft,
                CreatedAt = now,
                UpdatedAt = now,
                ExpiresAt = checks.ExpiryOfNew(),
            };
            db.Add(payment);
            changes.Trail(payment, "draft", caller);
            return PaymentView.ToContract(payment, ends, authorization: null);
        });
}
