using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Accounts;

internal static class GetAccount
{
    public static async Task<Results<Ok<Account>, Problem>> HandleAsync(string accountId, Caller caller, BankDbContext db, CancellationToken cancellationToken) =>
        await FindAsync(db, caller, accountId, cancellationToken) is { } account ? TypedResults.Ok(account.ToContract()) : NotFound;

    /// <summary>The answer for an account that is unknown to this customer, whether or not somebody else holds it.</summary>
    public static Problem NotFound { get; } = new(StatusCodes.Status404NotFound, ErrorCodes.AccountNotFound, "There is no such account.");

    public static async Task<HeldAccount?> FindAsync(BankDbContext db, Caller caller, string? accountId, CancellationToken cancellationToken) =>
        PublicId.TryParse(accountId, PublicId.Account, out var id)
            ? await db.Set<HeldAccount>().SingleOrDefaultAsync(account => account.PartyId == caller.PartyId && account.PublicId == id, cancellationToken)
            : null;
}
