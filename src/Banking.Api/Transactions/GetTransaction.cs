using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Transactions;

internal static class GetTransaction
{
    public static async Task<Results<Ok<Transaction>, Problem>> HandleAsync(string transactionId, Caller caller, BankDbContext db, CancellationToken cancellationToken) =>
        PublicId.TryParse(transactionId, PublicId.Transaction, out var id)
        && await db.Set<HeldTransaction>().SingleOrDefaultAsync(row => row.PartyId == caller.PartyId && row.PublicId == id, cancellationToken) is { } transaction
            ? TypedResults.Ok(transaction.ToContract())
            : Problem.NotFound("There is no such transaction.");
}
