using Banking.Api.Audit;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Identity;

/// <summary>Sign-in with a passkey the browser offers by itself: no user name, no password, user verification on the authenticator.</summary>
internal static class SignInWithPasskey
{
    private const int CredentialLengthMax = 16 * 1024;

    public static async Task<IResult> StartAsync(HttpContext http, IPasskeyHandler<BankUser> passkeys, PasskeyCeremonies ceremonies, CancellationToken cancellationToken)
    {
        var made = await passkeys.MakeRequestOptionsAsync(null, http);
        return Results.Ok(new PasskeyOptions(await ceremonies.BeginAsync(CeremonyPurposes.SignIn, null, made.AssertionState!, cancellationToken), made.RequestOptionsJson));
    }

    public static async Task<IResult> HandleAsync(
        PasskeySignIn request, HttpContext http, BankDbContext db, IPasskeyHandler<BankUser> passkeys, IUserStore<BankUser> users, PasskeyCeremonies ceremonies,
        FactorAttempts attempts, SessionLifecycle sessions, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (request is not { CredentialJson.Length: > 0 and <= CredentialLengthMax } || !SessionLifecycle.IsValid(request.Device))
        {
            return Problem.Invalid(ErrorCodes.ValidationFailed, "A credential and a device are needed.");
        }

        if (await ceremonies.TakeAsync(request.CeremonyId, CeremonyPurposes.SignIn, null, cancellationToken) is not { } state)
        {
            return new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.SignInExpired, "This sign-in has ended. Start again.");
        }

        var assertion = await passkeys.PerformAssertionAsync(new PasskeyAssertionContext { HttpContext = http, CredentialJson = request.CredentialJson, AssertionState = state });
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!assertion.Succeeded)
        {
            // Not counted against anybody: a credential id is no secret, and a signature cannot be guessed.
            db.Add(AuditEvent.Create(now, "client:web", null, "sign_in.passkey", null, ErrorCodes.InvalidCredentials));
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.InvalidCredentials, "The passkey was not accepted.");
        }

        var user = assertion.User;
        var actor = PublicId.Format(PublicId.User, user.PublicId);
        if (await attempts.NoteAsync(db, user.Id, accepted: true, cancellationToken) == FactorOutcome.Locked)
        {
            db.Add(AuditEvent.Create(now, actor, null, "sign_in.passkey", null, ErrorCodes.AccountLocked));
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return attempts.LockedProblem(await attempts.LockedUntilAsync(db, user.Id, cancellationToken));
        }

        // Keeps the sign count, by which a cloned authenticator shows.
        await ((IUserPasskeyStore<BankUser>)users).AddOrUpdatePasskeyAsync(user, assertion.Passkey, cancellationToken);
        db.Add(AuditEvent.Create(now, actor, null, "sign_in.passkey", null, "ok"));
        var result = await sessions.OpenAsync(user, request.Device, AcrValues.Passkey, ["pop", "user", "mfa"], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Results.Ok(result);
    }
}
