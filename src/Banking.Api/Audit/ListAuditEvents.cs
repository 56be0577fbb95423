using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Audit;

/// <summary>The audit trail as auditors read it, newest first. That it was read is itself in the trail.</summary>
internal static class ListAuditEvents
{
    private const int LimitDefault = 50;
    private const int LimitMax = 200;

    public static void MapAudit(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/audit/events", HandleAsync).RequireAuthorization(Policies.Auditor).WithTags("Audit")
            .WithName("ListAuditEvents").WithSummary("The audit trail, newest first");

    public static async Task<Results<Ok<Page<AuditEntry>>, Problem>> HandleAsync(
        string? cursor, int? limit, string? actor, string? subject, string? action,
        Caller caller, BankDbContext db, ListCursor cursors, TimeProvider clock, CancellationToken cancellationToken)
    {
        var size = limit ?? LimitDefault;
        if (size is < 1 or > LimitMax)
        {
            return InvalidRequest.Of("limit", $"A page has 1 to {LimitMax} items.");
        }

        if ((string?[])[actor, subject, action] is var texts && texts.Any(text => text is { Length: > 100 } || text?.Contains('\0', StringComparison.Ordinal) == true))
        {
            return InvalidRequest.Of("actor", "There is no such actor, subject or action.");
        }

        var scope = string.Create(CultureInfo.InvariantCulture, $"audit:{actor?.Length}:{actor}:{subject?.Length}:{subject}:{action}");
        if (!cursors.TryRead(scope, cursor, out var before))
        {
            return Problem.Invalid(ErrorCodes.CursorInvalid, "The cursor was not issued by this list with these filters.");
        }

        var rows = await db.Set<AuditEvent>().AsNoTracking()
            .Where(row => (before == null || row.Id < before)
                && (actor == null || row.Actor == actor || row.OnBehalf == actor)
                && (subject == null || row.Subject == subject)
                && (action == null || row.Action == action))
            .OrderByDescending(row => row.Id)
            .Take(size + 1)
            .ToListAsync(cancellationToken);
        var page = rows.Take(size).ToList();
        var (first, last) = page.Count == 0 ? (0, 0) : (page[^1].Id, page[0].Id);
        var seals = await db.Set<AuditSeal>().Where(seal => seal.LastId >= first && seal.FirstId <= last)
            .Select(seal => new { seal.FirstId, seal.LastId, seal.SealHash }).ToListAsync(cancellationToken);

        db.Add(AuditEvent.Create(clock.GetUtcNow(), caller, "audit.list", null, "ok"));
        await db.SaveChangesAsync(cancellationToken);
        return TypedResults.Ok(new Page<AuditEntry>(
            page.ConvertAll(row => new AuditEntry(
                row.Id.ToString(CultureInfo.InvariantCulture),
                row.OccurredAt,
                row.Actor,
                row.OnBehalf,
                row.Action,
                row.Subject,
                row.Outcome,
                row.Correlation,
                JsonSerializer.Deserialize<JsonElement>(row.Details),
                Base64Url.EncodeToString(row.LeafHash),
                seals.Find(seal => seal.FirstId <= row.Id && row.Id <= seal.LastId) is { } seal ? Base64Url.EncodeToString(seal.SealHash) : null)),
            rows.Count > size ? cursors.Write(scope, page[^1].Id) : null));
    }
}
