using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payees;

internal static class GetPayee
{
    /// <summary>The answer for a payee that is unknown to this customer, whether or not it is somebody else's.</summary>
    public static Problem NotFound { get; } = new(StatusCodes.Status404NotFound, ErrorCodes.PayeeNotFound, "There is no such payee.");

    public static async Task<Results<Ok<Payee>, Problem>> HandleAsync(string payeeId, Caller caller, BankDbContext db, CancellationToken cancellationToken) =>
        PublicId.TryParse(payeeId, PublicId.Payee, out var id)
        && await db.Set<PayeeRecord>().AsNoTracking()
            .SingleOrDefaultAsync(row => row.PartyId == caller.PartyId && row.PublicId == id && row.RemovedAt == null, cancellationToken) is { } payee
            ? TypedResults.Ok(payee.ToContract())
            : NotFound;
}
