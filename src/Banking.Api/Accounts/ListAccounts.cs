using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Accounts;

internal static class ListAccounts
{
    public static async Task<Ok<IReadOnlyList<Account>>> HandleAsync(Caller caller, BankDbContext db, CancellationToken cancellationToken)
    {
        var accounts = await db.Set<HeldAccount>()
            .Where(account => account.PartyId == caller.PartyId)
            .OrderBy(account => account.OpenedAt).ThenBy(account => account.Id)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok<IReadOnlyList<Account>>(accounts.ConvertAll(account => account.ToContract()));
    }
}
