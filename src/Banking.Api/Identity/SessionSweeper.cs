using Banking.Api.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Banking.Api.Identity;

/// <summary>
/// Ends sessions that are idle or past their absolute end. Their tokens stopped working at that moment already;
/// this tells those who listen (an open chat is closed), and removes what nobody can use any more.
/// </summary>
internal sealed class SessionSweeper(IServiceScopeFactory scopes, TimeProvider clock, IOptions<SessionOptions> options, ILogger<SessionSweeper> logger) : BackgroundService
{
    private const int BatchMax = 200;

    // Kept this long after their end, for looking into complaints.
    private static readonly TimeSpan SpentKept = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await SweepAsync(stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    logger.LogWarning(fault, "Ended sessions could not be swept; trying again.");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
        var sessions = scope.ServiceProvider.GetRequiredService<SessionLifecycle>();
        var now = clock.GetUtcNow();
        var idleSince = now - options.Value.Idle;
        // Skip locked: another instance sweeps too, or a user is just signing out.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var ended = await db.Set<Session>().FromSql(
            $"""
            select * from identity.session where revoked_at is null and (last_seen_at <= {idleSince} or expires_at <= {now})
             order by id limit {BatchMax} for update skip locked
            """).AsNoTracking().ToListAsync(cancellationToken);
        await sessions.EndAsync([.. ended.Where(session => session.ExpiresAt <= now).Select(session => session.Id)], SessionEndReasons.Expired, null, cancellationToken);
        await sessions.EndAsync([.. ended.Where(session => session.ExpiresAt > now).Select(session => session.Id)], SessionEndReasons.Idle, null, cancellationToken);
        var spent = now - SpentKept;
        await db.Set<SignInTicket>().Where(row => row.ExpiresAt < spent).ExecuteDeleteAsync(cancellationToken);
        await db.Set<PasskeyCeremony>().Where(row => row.ExpiresAt < spent).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
