using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payees;

internal static class ListPayees
{
    public static async Task<Ok<IReadOnlyList<Payee>>> HandleAsync(Caller caller, BankDbContext db, CancellationToken cancellationToken)
    {
        var payees = await db.Set<PayeeRecord>().AsNoTracking()
            .Where(payee => payee.PartyId == caller.PartyId && payee.RemovedAt == null)
            .OrderBy(payee => payee.Name).ThenBy(payee => payee.Id)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok<IReadOnlyList<Payee>>(payees.ConvertAll(payee => payee.ToContract()));
    }
}
