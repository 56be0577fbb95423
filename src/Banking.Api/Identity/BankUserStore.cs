using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Identity;

/// <summary>
/// Identity's store with one difference: the id it tells others is the public one. WebAuthn puts it on the authenticator as the user handle,
/// and keys of the database do not leave the bank.
/// </summary>
internal sealed class BankUserStore(BankDbContext context, IdentityErrorDescriber? describer = null)
    : UserStore<BankUser, IdentityRole<long>, BankDbContext, long, IdentityUserClaim<long>, IdentityUserRole<long>, IdentityUserLogin<long>,
        IdentityUserToken<long>, IdentityRoleClaim<long>, IdentityUserPasskey<long>>(context, describer)
{
    public override Task<string> GetUserIdAsync(BankUser user, CancellationToken cancellationToken = default) =>
        Task.FromResult(PublicId.Format(PublicId.User, user.PublicId));

    public override Task<BankUser?> FindByIdAsync(string userId, CancellationToken cancellationToken = default) =>
        PublicId.TryParse(userId, PublicId.User, out var id)
            ? Users.SingleOrDefaultAsync(user => user.PublicId == id, cancellationToken)
            : Task.FromResult<BankUser?>(null);
}
