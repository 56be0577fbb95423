using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Banking.Api.Infrastructure;

/// <summary>
/// Runs a unit of work in a transaction, and again when the database gave it up as the victim of a deadlock or of a serialization
/// conflict. The work reads everything anew each time; nothing of an attempt that failed remains.
/// </summary>
public static class TransactionRetry
{
    private const int AttemptsMax = 5;

    /// <summary>Runs the work, which commits the transaction itself if it wants its effects kept.</summary>
    public static async Task<T> RunAsync<T>(BankDbContext db, Func<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(work);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
                return await work(transaction);
            }
            catch (Exception fault) when (attempt < AttemptsMax && IsTransient(fault))
            {
                db.ChangeTracker.Clear();
            }
        }
    }

    private static bool IsTransient(Exception fault) =>
        (fault as PostgresException ?? fault.InnerException as PostgresException ?? fault.InnerException?.InnerException as PostgresException)
            is { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };
}
