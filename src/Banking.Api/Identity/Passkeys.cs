using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Api.Audit;
using Banking.Api.Authorizations;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Identity;

/// <summary>The user's passkeys: list, add, remove. Adding and removing change how the account is protected, so each needs an approval of exactly that change.</summary>
internal sealed class Passkeys(
    BankDbContext db, IPasskeyHandler<BankUser> handler, IUserStore<BankUser> users, PasskeyCeremonies ceremonies, IAuthorizations authorizations, SessionLifecycle sessions, TimeProvider clock)
{
    private const int NameLengthMax = 64;
    private const int CredentialLengthMax = 64 * 1024;
    private const int PerUserMax = 20;

    private IUserPasskeyStore<BankUser> Store => (IUserPasskeyStore<BankUser>)users;

    public static Task<IResult> ListAsync(Caller caller, Passkeys operation, CancellationToken cancellationToken) => operation.ListAsync(caller, cancellationToken);

    public static Task<IResult> StartAsync(Caller caller, HttpContext http, Passkeys operation, CancellationToken cancellationToken) => operation.StartAsync(caller, http, cancellationToken);

    public static Task<IResult> RegisterAsync(RegisterPasskey request, Caller caller, HttpContext http, Passkeys operation, CancellationToken cancellationToken) =>
        operation.RegisterAsync(request, caller, http, cancellationToken);

    public static Task<IResult> RemoveAsync(string id, string? authorizationId, Caller caller, Passkeys operation, CancellationToken cancellationToken) =>
        operation.RemoveAsync(id, authorizationId, caller, cancellationToken);

    private async Task<IResult> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        var rows = await Store.GetPasskeysAsync(await UserAsync(caller, cancellationToken), cancellationToken);
        return Results.Ok(rows.OrderBy(row => row.CreatedAt).Select(Summarize).ToList());
    }

    private async Task<IResult> StartAsync(Caller caller, HttpContext http, CancellationToken cancellationToken)
    {
        var user = await sessions.DescribeUserAsync(caller.UserId, cancellationToken);
        var made = await handler.MakeCreationOptionsAsync(new PasskeyUserEntity { Id = user.Id, Name = user.UserName, DisplayName = user.DisplayName }, http);
        return Results.Ok(new PasskeyOptions(
            await ceremonies.BeginAsync(CeremonyPurposes.Registration, caller.UserId, made.AttestationState!, cancellationToken), made.CreationOptionsJson));
    }

    private async Task<IResult> RegisterAsync(RegisterPasskey request, Caller caller, HttpContext http, CancellationToken cancellationToken)
    {
        if (request is not { CredentialJson.Length: > 0 and <= CredentialLengthMax, Name.Length: > 0 and <= NameLengthMax } || request.Name.Any(char.IsControl))
        {
            return Problem.Invalid(ErrorCodes.ValidationFailed, $"A passkey has a credential and a name of 1 to {NameLengthMax} characters.");
        }

        if (CredentialIdOf(request.CredentialJson) is not { } credentialId)
        {
            return Problem.Invalid(ErrorCodes.ValidationFailed, "The credential is not what the browser made.");
        }

        var details = new JsonObject { ["action"] = "add_passkey", ["name"] = request.Name, ["passkeyId"] = credentialId, ["ceremonyId"] = request.CeremonyId };
        if (request.AuthorizationId is null)
        {
            // The ceremony waits for the approval; only a live one is worth asking for.
            if (await ceremonies.PeekAsync(request.CeremonyId, CeremonyPurposes.Registration, caller.UserId, cancellationToken) is null)
            {
                return CeremonyExpired();
            }

            return authorizations.Challenge(await authorizations.RequestAsync(
                db, caller, AuthorizationTypes.CredentialRegistration, details, null, null, AcrValues.Any, cancellationToken));
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await authorizations.ConsumeAsync(db, caller, AuthorizationTypes.CredentialRegistration, details, request.AuthorizationId, cancellationToken) is { } refused)
        {
            return refused;
        }

        if (await ceremonies.TakeAsync(request.CeremonyId, CeremonyPurposes.Registration, caller.UserId, cancellationToken) is not { } state)
        {
            return CeremonyExpired();
        }

        var now = clock.GetUtcNow();
        var result = await handler.PerformAttestationAsync(new PasskeyAttestationContext { HttpContext = http, CredentialJson = request.CredentialJson, AttestationState = state });
        var user = await UserAsync(caller, cancellationToken);
        var userId = PublicId.Format(PublicId.User, caller.UserPublicId);
        if (!result.Succeeded || result.UserEntity.Id != userId || Base64Url.EncodeToString(result.Passkey.CredentialId) != credentialId
            || (await Store.GetPasskeysAsync(user, cancellationToken)).Count >= PerUserMax)
        {
            // The approval and the ceremony are spent all the same.
            db.Add(AuditEvent.Create(now, caller, "passkey.add", userId, ErrorCodes.PasskeyRefused));
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return Problem.Unprocessable(ErrorCodes.PasskeyRefused, "The passkey could not be verified.");
        }

        result.Passkey.Name = request.Name;
        await Store.AddOrUpdatePasskeyAsync(user, result.Passkey, cancellationToken);
        db.Add(AuditEvent.Create(now, caller, "passkey.add", userId, "ok", new Dictionary<string, string> { ["passkey"] = credentialId, ["authorization"] = request.AuthorizationId }));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Results.Json(Summarize(result.Passkey), JsonSerializerOptions.Web, statusCode: StatusCodes.Status201Created);
    }

    private async Task<IResult> RemoveAsync(string id, string? authorizationId, Caller caller, CancellationToken cancellationToken)
    {
        var user = await UserAsync(caller, cancellationToken);
        var passkeys = await Store.GetPasskeysAsync(user, cancellationToken);
        if (passkeys.SingleOrDefault(row => Base64Url.EncodeToString(row.CredentialId) == id) is not { } passkey)
        {
            return Problem.NotFound();
        }

        if (passkeys.Count == 1 && user.TotpSecretCipher is null)
        {
            return Problem.Conflict(ErrorCodes.LastFactor, "The last second factor cannot be removed.");
        }

        var details = new JsonObject { ["action"] = "remove_passkey", ["name"] = passkey.Name ?? "", ["passkeyId"] = id };
        if (authorizationId is null)
        {
            return authorizations.Challenge(await authorizations.RequestAsync(
                db, caller, AuthorizationTypes.CredentialRegistration, details, null, null, AcrValues.Any, cancellationToken));
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await authorizations.ConsumeAsync(db, caller, AuthorizationTypes.CredentialRegistration, details, authorizationId, cancellationToken) is { } refused)
        {
            return refused;
        }

        await Store.RemovePasskeyAsync(user, passkey.CredentialId, cancellationToken);
        db.Add(AuditEvent.Create(clock.GetUtcNow(), caller, "passkey.remove", PublicId.Format(PublicId.User, caller.UserPublicId), "ok",
            new Dictionary<string, string> { ["passkey"] = id, ["authorization"] = authorizationId }));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Results.NoContent();
    }

    private static PasskeySummary Summarize(UserPasskeyInfo row) => new(Base64Url.EncodeToString(row.CredentialId), row.Name ?? "Passkey", row.CreatedAt);

    private static Problem CeremonyExpired() => Problem.Conflict(ErrorCodes.CeremonyExpired, "This passkey request was answered already or is too old. Try again.");

    private static string? CredentialIdOf(string credentialJson)
    {
        try
        {
            return JsonNode.Parse(credentialJson) is JsonObject credential && credential["id"] is JsonValue id && id.TryGetValue<string>(out var text)
                && text.Length is > 0 and <= 1400 && Base64Url.IsValid(text) ? text : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Task<BankUser> UserAsync(Caller caller, CancellationToken cancellationToken) => db.Users.SingleAsync(user => user.Id == caller.UserId, cancellationToken);
}
