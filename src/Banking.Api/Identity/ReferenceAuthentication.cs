using System.Security.Claims;
using System.Text.Encodings.Web;
using Banking.Api.Audit;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Banking.Api.Identity;

/// <summary>Marks an endpoint whose use is no activity of the user: asking how long a session has left does not prolong it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NoSessionActivityAttribute : Attribute;

/// <summary>Authenticates the bearer tokens we issue, by looking them up; fills <see cref="Caller"/>.</summary>
internal sealed class ReferenceAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, TokenLookup tokens, SessionActivity activity, TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private const int CorrelationLengthMax = 128;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // What is open to everybody does not ask who calls: liveness is answered without the database, whatever the probe sends along.
        var header = Request.Headers.Authorization.ToString();
        if (header.Length == 0 || Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        const string bearer = "Bearer ";
        var token = header.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? header[bearer.Length..] : null;
        var delegated = OpaqueToken.HasForm(token, OpaqueToken.Delegated);
        if (!delegated && !OpaqueToken.HasForm(token, OpaqueToken.Session))
        {
            return AuthenticateResult.Fail("The token is not of a known form.");
        }

        if (await tokens.FindAsync(OpaqueToken.Hash(token!), Context.RequestAborted) is not { } row)
        {
            return AuthenticateResult.Fail("The token is unknown, expired or revoked.");
        }

        var conversation = Correlation(ApiHeaders.ConversationId);
        var turn = delegated ? Correlation(ApiHeaders.TurnId) : null;
        var caller = new Caller(
            row.UserId, row.UserPublicId, row.PartyId, row.SessionKey, row.SessionPublicId, row.DeviceKey,
            delegated ? CallerKind.Delegated : CallerKind.Session,
            row.Roles, row.Scopes, row.Acr, row.Amr, row.AuthTime, row.CreatedAt,
            row.ConversationId, turn, delegated ? Correlation(ApiHeaders.ToolCallId) : null);

        // A delegated token outside its conversation is a known caller doing what it may not: 403. The principal stays without a Caller, so no policy admits it.
        var bound = !delegated || (conversation is not null && conversation == row.ConversationId);
        if (bound)
        {
            caller.AttachTo(Context);
            await NoteActivityAsync(caller, row);
        }

        var identity = new ClaimsIdentity([new Claim("sub", PublicId.Format(PublicId.User, row.UserPublicId))], AuthenticationSchemes.Reference, "sub", "role");
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), AuthenticationSchemes.Reference));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        // RFC 6750 section 3: no error code when no token was given.
        var error = Request.Headers.Authorization.Count == 0 ? "" : " error=\"invalid_token\"";
        return new Problem(StatusCodes.Status401Unauthorized, ErrorCodes.Unauthenticated, "Sign in first.")
        {
            Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = "Bearer" + error },
        }.ExecuteAsync(Context);
    }

    protected override async Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        await AuditDenialAsync();
        await new Problem(StatusCodes.Status403Forbidden, ErrorCodes.Forbidden, "This is not allowed.").ExecuteAsync(Context);
    }

    // The user is active when they call; the assistant's calls are the user's activity only inside a turn, which the user began.
    private async Task NoteActivityAsync(Caller caller, TokenRow row)
    {
        if ((caller.Kind == CallerKind.Delegated && caller.TurnId is null) || Context.GetEndpoint()?.Metadata.GetMetadata<NoSessionActivityAttribute>() is not null)
        {
            return;
        }

        try
        {
            await activity.TouchAsync(caller.SessionKey, row.LastSeenAt);
        }
        catch (NpgsqlException fault)
        {
            // The session then ends early, which is the safe side.
            Logger.LogWarning(fault, "Activity of a session could not be written.");
        }
    }

    private async Task AuditDenialAsync()
    {
        var user = Context.User.FindFirst("sub")?.Value;
        var details = new Dictionary<string, string> { ["route"] = (Context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "", ["method"] = Request.Method };
        var entry = Caller.Of(Context) is { } caller
            ? AuditEvent.Create(clock.GetUtcNow(), caller, "access.deny", null, ErrorCodes.Forbidden, details)
            : AuditEvent.Create(clock.GetUtcNow(), user is null ? "system" : "client:assistant", user, "access.deny", null, ErrorCodes.Forbidden, details);
        await using var scope = Context.RequestServices.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
        db.Add(entry);
        await db.SaveChangesAsync(CancellationToken.None);
    }

    private string? Correlation(string header)
    {
        var value = Request.Headers[header].ToString();
        return value.Length is > 0 and <= CorrelationLengthMax && value.All(c => c is > ' ' and <= '~') ? value : null;
    }
}
