using Banking.Api.Authorizations;
using Banking.Api.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Banking.Api.Payments;

/// <summary>Ends payments whose time is over. Commands refuse them at once; this tells everybody else. Every process may run it: rows another one works on are passed over.</summary>
internal sealed class ExpirePayments(IServiceScopeFactory scopes, TimeProvider clock, ILogger<ExpirePayments> logger) : BackgroundService
{
    private const int BatchSize = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                while (await ExpireAsync(stoppingToken) == BatchSize)
                {
                }
            }
            catch (Exception exception) when (exception is DbUpdateException or NpgsqlException or InvalidOperationException && !stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "Payments could not be expired; trying again in {Interval}", Interval);
            }
        }
        while (await WaitAsync(timer, stoppingToken));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<int> ExpireAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
        var changes = scope.ServiceProvider.GetRequiredService<PaymentChanges>();
        var authorizations = scope.ServiceProvider.GetRequiredService<IAuthorizations>();
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var due = await db.Set<PaymentRecord>().FromSql(
            $"""
            select * from payment.payment
            where state in ('draft', 'awaiting_approval', 'approved') and expires_at <= {now}
            order by expires_at limit {BatchSize} for no key update skip locked
            """).ToListAsync(cancellationToken);
        foreach (var payment in due)
        {
            changes.Apply(payment, PaymentCommand.Expire, caller: null);
            await authorizations.SupersedeAsync(db, AuthorizationTypes.PaymentInitiation, payment.Id, cancellationToken);
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return due.Count;
    }
}
