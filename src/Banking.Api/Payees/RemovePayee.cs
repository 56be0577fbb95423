using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payees;

internal static class RemovePayee
{
    public static async Task<Results<NoContent, Problem>> HandleAsync(string payeeId, Caller caller, BankDbContext db, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!PublicId.TryParse(payeeId, PublicId.Payee, out var id)
            || await db.Set<PayeeRecord>().SingleOrDefaultAsync(row => row.PartyId == caller.PartyId && row.PublicId == id && row.RemovedAt == null, cancellationToken) is not { } payee)
        {
            return GetPayee.NotFound;
        }

        payee.RemovedAt = clock.GetUtcNow();
        db.Add(AuditEvent.Create(clock.GetUtcNow(), caller, "payee.remove", payeeId, "ok"));
        await db.SaveChangesAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
