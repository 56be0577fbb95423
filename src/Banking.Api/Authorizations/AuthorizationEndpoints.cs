using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Authorizations;

/// <summary>The authorization resource: look at it, approve it, decline it. It belongs to one user and one session; for anybody else it does not exist.</summary>
public static class AuthorizationEndpoints
{
    private static readonly TimeSpan CeremonyLife = TimeSpan.FromMinutes(5);

    /// <summary>Adds <see cref="IAuthorizations"/>.</summary>
    public static IServiceCollection AddAuthorizations(this IServiceCollection services)
    {
        services.AddSingleton<IAuthorizations, AuthorizationService>();
        services.AddScoped<ApproveAuthorization>();
        return services;
    }

    /// <summary>Maps the endpoints below <c>/v1/authorizations</c>.</summary>
    public static IEndpointRouteBuilder MapAuthorizations(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/v1/authorizations").WithTags("Authorizations").RequireAuthorization(Policies.SignedIn);
        group.MapGet("/{id}", GetAsync).WithName("GetAuthorization").WithSummary("What is to be approved, and with which factors")
            .Produces<Authorization>().ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("/{id}/passkey-options", StartPasskeyAsync).WithName("StartPasskeyApproval").WithSummary("WebAuthn options whose challenge is bound to what is approved")
            .Produces<PasskeyOptions>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        group.MapPost("/{id}/approve", ApproveAuthorization.HandleAsync).WithName("ApproveAuthorization").WithSummary("Approves exactly what the authorization names, with a second factor")
            .Produces<Authorization>()
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        group.MapPost("/{id}/decline", DeclineAsync).WithName("DeclineAuthorization").WithSummary("Says no; a payment that waits for it is cancelled")
            .Produces<Authorization>()
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        return endpoints;
    }

    internal static IQueryable<AuthorizationRecord> Owned(BankDbContext db, Caller caller) =>
        db.Set<AuthorizationRecord>().Where(row => row.UserId == caller.UserId && row.SessionId == caller.SessionKey);

    internal static async Task<AuthorizationRecord> LockAsync(BankDbContext db, long key, CancellationToken cancellationToken) =>
        (await db.Set<AuthorizationRecord>().FromSql($"""select * from identity."authorization" where id = {key} for update""").AsTracking().ToListAsync(cancellationToken)).Single();

    internal static Task<bool> HasPasskeyAsync(BankDbContext db, Caller caller, CancellationToken cancellationToken) =>
        db.UserPasskeys.AnyAsync(row => row.UserId == caller.UserId, cancellationToken);

    private static async Task<IResult> GetAsync(string id, Caller caller, BankDbContext db, TimeProvider clock, CancellationToken cancellationToken) =>
        await FindAsync(id, caller, db, cancellationToken) is { } record
            ? Results.Ok(record.ToWire(await HasPasskeyAsync(db, caller, cancellationToken), clock.GetUtcNow()))
            : Problem.NotFound();

    private static async Task<IResult> StartPasskeyAsync(
        string id, Caller caller, HttpContext http, BankDbContext db, IPasskeyHandler<BankUser> passkeys, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, caller, db, cancellationToken) is not { } record)
        {
            return Problem.NotFound();
        }

        var now = clock.GetUtcNow();
        if ((record.State == AuthorizationStates.Approved ? AuthorizationService.Used() : AuthorizationService.EndedProblem(record, now)) is { } ended)
        {
            return ended;
        }

        // Without this check the browser would offer every passkey it has: an empty list of allowed credentials means any.
        if (!record.Accepts(ApprovalMethods.Passkey) || !await HasPasskeyAsync(db, caller, cancellationToken))
        {
            return Problem.Unprocessable(ErrorCodes.FactorNotAvailable, "There is no passkey to approve this with.");
        }

        var user = await db.Users.SingleAsync(row => row.Id == caller.UserId, cancellationToken);
        var made = await passkeys.MakeRequestOptionsAsync(user, http);
        var ceremonyId = PublicId.NewValue(clock);
        var (options, state) = BoundChallenge.Bind(made.RequestOptionsJson, made.AssertionState!, ceremonyId, caller.UserPublicId, record.DetailsHash);
        var lapses = now + CeremonyLife;
        db.Add(new PasskeyCeremony
        {
            PublicId = ceremonyId,
            Purpose = CeremonyPurposes.Authorization,
            UserId = caller.UserId,
            AuthorizationId = record.Id,
            State = state,
            CreatedAt = now,
            ExpiresAt = lapses < record.ExpiresAt ? lapses : record.ExpiresAt,
        });

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // The newest ceremony is the only one that can still be answered.
        await db.Set<PasskeyCeremony>().Where(row => row.AuthorizationId == record.Id && row.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Results.Ok(new PasskeyOptions(ceremonyId.ToString("N"), options));
    }

    private static async Task<IResult> DeclineAsync(
        string id, Caller caller, BankDbContext db, IEnumerable<IAuthorizationSubject> subjects, TimeProvider clock, CancellationToken cancellationToken) =>
        await TransactionRetry.RunAsync<IResult>(
            db,
            async transaction =>
            {
                if (await FindAsync(id, caller, db, cancellationToken) is not { } seen)
                {
                    return Problem.NotFound();
                }

                var subject = seen.SubjectId is null ? null : subjects.Single(candidate => candidate.Type == seen.Type);
                if (subject is not null)
                {
                    // Only for its lock: the subject's row before the authorization, as on approval.
                    await subject.LoadForApprovalAsync(db, caller, seen.SubjectId!.Value, cancellationToken);
                }

                var now = clock.GetUtcNow();
                var record = await LockAsync(db, seen.Id, cancellationToken);
                if ((record.State == AuthorizationStates.Approved ? AuthorizationService.Used() : AuthorizationService.EndedProblem(record, now)) is { } ended)
                {
                    return ended;
                }

                record.State = AuthorizationStates.Declined;
                db.Add(AuditEvent.Create(now, caller, "authorization.decline", record.WireId(), "ok", record.AuditDetails()));
                await db.SaveChangesAsync(cancellationToken);
                if (subject is not null)
                {
                    await subject.OnDeclinedAsync(db, caller, record.SubjectId!.Value, cancellationToken);
                    await db.SaveChangesAsync(cancellationToken);
                }

                await transaction.CommitAsync(cancellationToken);
                return Results.Ok(record.ToWire(await HasPasskeyAsync(db, caller, cancellationToken), now));
            },
            cancellationToken);

    private static async Task<AuthorizationRecord?> FindAsync(string id, Caller caller, BankDbContext db, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, PublicId.Authorization, out var publicId)
            ? await Owned(db, caller).AsNoTracking().SingleOrDefaultAsync(row => row.PublicId == publicId, cancellationToken)
            : null;
}
