using Banking.Api.Accounts;
using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Teller;

/// <summary>Looks an account up by its IBAN for somebody at the counter. Every look, also a vain one, is in the audit trail.</summary>
internal static class FindTellerAccount
{
    public static async Task<Results<Ok<TellerAccount>, Problem>> HandleAsync(
        string iban, Caller caller, BankDbContext db, ColumnCipher cipher, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!Iban.TryNormalize(iban, out var normalized))
        {
            return Problem.Invalid(ErrorCodes.IbanInvalid, "The IBAN's form or check digits are wrong.");
        }

        var account = await FindAsync(db, cipher, normalized, cancellationToken);
        db.Add(AuditEvent.Create(
            clock.GetUtcNow(), caller, "teller.account.read", account is null ? null : PublicId.Format(PublicId.Account, account.PublicId), account is null ? ErrorCodes.AccountNotFound : "ok"));
        await db.SaveChangesAsync(cancellationToken);
        return account is null ? GetAccount.NotFound : TypedResults.Ok(new TellerAccount(account.Iban, account.HolderName, account.State));
    }

    /// <summary>A customer's account; the bank's own accounts have no holder and are not found.</summary>
    public static async Task<Found?> FindAsync(BankDbContext db, ColumnCipher cipher, string iban, CancellationToken cancellationToken)
    {
        var holders = await db.Set<HeldAccount>()
            .Where(account => account.Iban == iban)
            .Join(db.Set<Party>(), account => account.PartyId, party => party.Id, (account, party) => new { account, party.NameCipher })
            .OrderBy(row => row.account.Role == "owner" ? 0 : 1).ThenBy(row => row.account.PartyId)
            .ToListAsync(cancellationToken);
        return holders.Count == 0
            ? null
            : new Found(
                holders[0].account.PublicId,
                iban,
                string.Join(" and ", holders.Select(row => cipher.DecryptText(row.NameCipher, Party.NamePurpose))),
                holders[0].account.State,
                holders[0].account.Currency);
    }

    public sealed record Found(Guid PublicId, string Iban, string HolderName, string State, string Currency);
}
