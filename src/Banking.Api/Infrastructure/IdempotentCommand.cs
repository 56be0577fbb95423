using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.Api.Identity;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Infrastructure;

/// <summary>The <c>Idempotency-Key</c> header: 1 to 64 visible ASCII characters, chosen by the caller, unique per user.</summary>
internal static class IdempotencyKey
{
    public const int LengthMax = 64;

    public static Problem Invalid { get; } = Problem.Invalid(ErrorCodes.IdempotencyKeyInvalid, $"An {ApiHeaders.IdempotencyKey} of 1 to {LengthMax} visible ASCII characters is required.");

    /// <summary>Reads the key; false when it is absent, repeated or malformed.</summary>
    public static bool TryRead(HttpRequest request, [NotNullWhen(true)] out string? key)
    {
        var values = request.Headers[ApiHeaders.IdempotencyKey];
        key = values.Count == 1 ? values[0] : null;
        if (key is not { Length: > 0 and <= LengthMax } || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            key = null;
            return false;
        }

        return true;
    }
}

/// <summary>A JSON text as the answer, sent exactly as it was first made.</summary>
internal sealed class JsonAnswer(int status, string body, bool replayed = false) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        if (replayed)
        {
            response.Headers[ApiHeaders.IdempotencyReplayed] = "true";
        }

        var length = Encoding.UTF8.GetByteCount(body);
        response.ContentLength = length;
        Encoding.UTF8.GetBytes(body, response.BodyWriter.GetSpan(length));
        response.BodyWriter.Advance(length);
        return response.BodyWriter.FlushAsync(httpContext.RequestAborted).AsTask();
    }
}

/// <summary>
/// Runs a command once per idempotency key: in one transaction with what it changes goes the answer, so a retry gets the same answer
/// and a failure leaves nothing behind. Used by every command that does not post; those that do have the same in the posting writer.
/// </summary>
internal sealed class IdempotentCommand(BankDbContext db, TimeProvider clock)
{
    /// <summary>
    /// Runs <paramref name="work"/> in a transaction. Its problems are answered and roll back; its value is answered with <paramref name="status"/>.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="caller">Whose key.</param>
    /// <param name="required">Whether the command must carry a key; one that is repeatable by nature may go without.</param>
    /// <param name="operation">What is done, with the id of what it is done to.</param>
    /// <param name="request">The body, or null.</param>
    /// <param name="status">The status of success.</param>
    /// <param name="work">The command; it saves its changes or leaves that to us.</param>
    public async Task<IResult> RunAsync<T>(
        HttpContext http, Caller caller, bool required, string operation, object? request, int status, Func<CancellationToken, Task<Outcome<T>>> work)
        where T : class
    {
        var cancellationToken = http.RequestAborted;
        var present = http.Request.Headers.ContainsKey(ApiHeaders.IdempotencyKey);
        string? key = null;
        if ((required || present) && !IdempotencyKey.TryRead(http.Request, out key))
        {
            return IdempotencyKey.Invalid;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(operation + "\n" + (request is null ? "" : JsonSerializer.Serialize(request, request.GetType(), JsonSerializerOptions.Web))));
        if (key is not null)
        {
            // Two requests with one key at once: the second waits for the first one's answer.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({key}, {caller.UserId}))", cancellationToken);
            var stored = await db.Set<IdempotencyRecord>().AsNoTracking()
                .SingleOrDefaultAsync(row => row.UserId == caller.UserId && row.Key == key, cancellationToken);
            if (stored is not null)
            {
                return CryptographicOperations.FixedTimeEquals(stored.RequestHash, hash)
                    ? new JsonAnswer(stored.Status, stored.Response, replayed: true)
                    : Problem.Unprocessable(ErrorCodes.IdempotencyKeyReused, "The idempotency key was used for another request.");
            }
        }

        var outcome = await work(cancellationToken);
        if (outcome.Problem is not null)
        {
            return outcome.Problem;
        }

        var body = JsonSerializer.Serialize(outcome.Value!, JsonSerializerOptions.Web);
        if (key is not null)
        {
            db.Add(new IdempotencyRecord { UserId = caller.UserId, Key = key, RequestHash = hash, Status = status, Response = body, CreatedAt = clock.GetUtcNow() });
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new JsonAnswer(status, body);
    }
}

/// <summary>What a command came to: a value or a problem.</summary>
internal readonly record struct Outcome<T>(T? Value, Problem? Problem)
    where T : class
{
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Problem problem) => new(null, problem);
}

/// <summary>A row of <c>payment.idempotency</c>.</summary>
internal sealed class IdempotencyRecord
{
    public long UserId { get; init; }

    public required string Key { get; init; }

    public required byte[] RequestHash { get; init; }

    public int Status { get; init; }

    public required string Response { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}

internal sealed class IdempotencyRecordConfiguration : IEntityTypeConfiguration<IdempotencyRecord>
{
    public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
    {
        builder.ToTable("idempotency", "payment");
        builder.HasKey(row => new { row.UserId, row.Key });
    }
}
