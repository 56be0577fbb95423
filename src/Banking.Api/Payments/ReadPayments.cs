using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payments;

/// <summary>The customer's payments: one, or all, newest first.</summary>
internal static class ReadPayments
{
    private const int LimitDefault = 50;
    private const int LimitMax = 100;

    public static async Task<Results<Ok<Payment>, Problem>> GetAsync(string paymentId, Caller caller, BankDbContext db, CancellationToken cancellationToken)
    {
        var payment = PublicId.TryParse(paymentId, PublicId.Payment, out var id)
            ? await db.Set<PaymentRecord>().AsNoTracking().SingleOrDefaultAsync(row => row.PublicId == id && row.PartyId == caller.PartyId, cancellationToken)
            : null;
        return payment is null ? Problem.NotFound("There is no such payment.") : TypedResults.Ok(await PaymentView.ToContractAsync(db, payment, cancellationToken));
    }

    /// <param name="state">Only payments in this state.</param>
    /// <param name="conversationId">Only payments drafted in this conversation.</param>
    /// <param name="cursor">Where the page before ended; valid only with the same filters.</param>
    /// <param name="limit">Items per page, 1 to 100; 50 when absent.</param>
    /// <param name="caller">Whose payments.</param>
    /// <param name="db">The bank's database.</param>
    /// <param name="cursors">Reads and writes cursors.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Results<Ok<Page<Payment>>, Problem>> ListAsync(
        string? state, string? conversationId, string? cursor, int? limit, Caller caller, BankDbContext db, ListCursor cursors, CancellationToken cancellationToken)
    {
        if (state is not null && !PaymentStates.All.Contains(state))
        {
            return InvalidRequest.Of("state", "There is no such state.");
        }

        if (limit is < 1 or > LimitMax)
        {
            return InvalidRequest.Of("limit", $"A page has 1 to {LimitMax} items.");
        }

        if (conversationId is { Length: > 100 } || conversationId?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return InvalidRequest.Of("conversationId", "That is no conversation.");
        }

        var scope = $"payments:{caller.PartyId}:{state}:{conversationId}";
        if (!cursors.TryRead(scope, cursor, out var before))
        {
            return Problem.Invalid(ErrorCodes.CursorInvalid, "The cursor was not issued by this list.");
        }

        var rows = db.Set<PaymentRecord>().AsNoTracking().Where(row => row.PartyId == caller.PartyId);
        rows = state is null ? rows : rows.Where(row => row.State == state);
        rows = conversationId is null ? rows : rows.Where(row => row.ConversationId == conversationId);
        rows = before is null ? rows : rows.Where(row => row.Id < before);
        var size = limit ?? LimitDefault;
        var page = await rows.OrderByDescending(row => row.Id).Take(size + 1).ToListAsync(cancellationToken);
        var next = page.Count > size ? cursors.Write(scope, page[size - 1].Id) : null;
        var items = await PaymentView.ToContractAsync(db, caller.PartyId, [.. page.Take(size)], cancellationToken);
        return TypedResults.Ok(new Page<Payment>(items, next));
    }
}
