using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Ledger;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payments;

/// <summary>
/// Executes an approved payment. Everything that decides about money happens in the posting writer; without an approval the answer is the
/// RFC 9470 challenge that names the authorization to approve.
/// </summary>
internal static class ExecutePayment
{
    public static async Task<IResult> HandleAsync(string paymentId, HttpContext http, Caller caller, IPostingWriter writer)
    {
        if (!IdempotencyKey.TryRead(http.Request, out var key))
        {
            return IdempotencyKey.Invalid;
        }

        if (!PublicId.TryParse(paymentId, PublicId.Payment, out var id))
        {
            return Problem.NotFound("There is no such payment.");
        }

        var outcome = await writer.ExecutePaymentAsync(caller, id, key, http.RequestAborted);
        if (outcome.Body is not null)
        {
            return new JsonAnswer(StatusCodes.Status200OK, outcome.Body, outcome.Replayed);
        }

        return outcome.ApprovalMissing ? await ChallengeAsync(paymentId, http, caller) : outcome.Problem!;
    }

    private static async Task<IResult> ChallengeAsync(string paymentId, HttpContext http, Caller caller)
    {
        var services = http.RequestServices;
        var db = services.GetRequiredService<BankDbContext>();
        var authorizations = services.GetRequiredService<IAuthorizations>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(http.RequestAborted);
        if (await PaymentView.LockAsync(db, caller.PartyId, paymentId, http.RequestAborted) is not { } payment)
        {
            return Problem.NotFound("There is no such payment.");
        }

        var pending = await db.Set<AuthorizationRecord>().AsNoTracking().SingleOrDefaultAsync(
            row => row.Type == AuthorizationTypes.PaymentInitiation && row.SubjectId == payment.Id && row.State == "pending"
                && row.UserId == caller.UserId && row.SessionId == caller.SessionKey && row.ExpiresAt > now,
            http.RequestAborted);
        if (pending is not null)
        {
            return authorizations.Challenge(pending);
        }

        // The one asked for before is over, or belongs to another session: ask again for the same payment.
        var submitted = await services.GetRequiredService<SubmitPayment>().RunAsync(paymentId, caller, http.RequestAborted);
        if (submitted.Value is not { } fresh)
        {
            return submitted.Problem!;
        }

        await db.SaveChangesAsync(http.RequestAborted);
        await transaction.CommitAsync(http.RequestAborted);
        return authorizations.Challenge(fresh.Authorization);
    }
}
