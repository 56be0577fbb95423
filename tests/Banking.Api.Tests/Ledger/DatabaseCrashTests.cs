using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using AppHost.Postgres;
using Banking.Api.Tests.Payments;
using Banking.Client;
using Testing;

namespace Banking.Api.Tests.Ledger;

/// <summary>PostgreSQL is killed while payments execute: what was acknowledged is there, what was not is done by its retry, nothing is there twice.</summary>
public sealed class DatabaseCrashTests
{
    private const int Payments = 120;
    private const int Clients = 12;
    private const int AcknowledgedBeforeTheKill = 30;

    // SR-33
    [Fact]
    public async Task Execute_WhenPostgresIsKilledUnderLoad_LosesAndRepeatsNothing()
    {
        await using var cluster = await PrivateCluster.StartAsync();
        await using var bank = await PaymentBank.OpenOnAsync(cluster.Server);
        var customer = await bank.CustomerAsync(10_000_000);
        var caller = await bank.CallerOfAsync(customer);
        var payments = new List<string>();
        for (var i = 0; i < Payments; i++)
        {
            // Own transfers: no limit and no fraud rule stands between a payment and its posting.
            payments.Add(PublicId.Format(PublicId.Payment, await bank.ApprovedRowAsync(customer, caller, 1_000, toSavings: true)));
        }

        var acknowledged = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var interrupted = new ConcurrentBag<string>();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var load = Parallel.ForEachAsync(payments, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (payment, _) =>
        {
            using var response = await bank.ExecuteAsync(customer, payment, "key-of-" + payment);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                acknowledged[payment] = await response.Content.ReadAsStringAsync(CancellationToken.None);
                if (acknowledged.Count >= AcknowledgedBeforeTheKill)
                {
                    reached.TrySetResult();
                }
            }
            else
            {
                // The answer says that it is not known, or not possible now; never that it failed for good.
                Assert.Equal((HttpStatusCode.ServiceUnavailable, ErrorCodes.Unavailable), (response.StatusCode, await PaymentBank.CodeOf(response)));
                interrupted.Add(payment);
            }
        });

        await Task.WhenAny(reached.Task, load);
        using (var server = Process.GetProcessById(PostgresCluster.ServerProcessId(cluster.Server.Folder)!.Value))
        {
            server.Kill();
        }

        await load;
        Assert.NotEmpty(interrupted);
        Assert.True(acknowledged.Count >= AcknowledgedBeforeTheKill, $"{acknowledged.Count} acknowledged");
        await Wait.UntilAsync(() => PostgresCluster.ServerProcessId(cluster.Server.Folder) is null);
        await cluster.RestartAsync();

        // Every acknowledged payment is executed, and its retry gets the same answer.
        Assert.Equal(acknowledged.Count, await ExecutedAsync(bank, [.. acknowledged.Keys]));
        foreach (var (payment, answer) in acknowledged)
        {
            using var again = await RetryAsync(bank, customer, payment);
            Assert.Equal(answer, await again.Content.ReadAsStringAsync());
            Assert.Equal("true", again.Headers.GetValues(ApiHeaders.IdempotencyReplayed).Single());
        }

        foreach (var payment in interrupted)
        {
            using var retried = await RetryAsync(bank, customer, payment);
            Assert.Equal("executed", (await PaymentBank.PaymentOf(retried)).State);
        }

        Assert.Equal(Payments, await ExecutedAsync(bank, payments));
        Assert.Equal(Payments, await bank.ScalarAsync<long>("select count(*) from ledger.journal_entry where payment_id is not null"));
        Assert.Equal(Payments, await bank.ScalarAsync<long>("select count(*) from audit.event where action = 'payment.execute' and outcome = 'ok'"));
        Assert.Equal((10_000_000 - (Payments * 1_000), Payments * 1_000), (await bank.BalanceAsync(customer.Current), await bank.BalanceAsync(customer.Savings)));
        await bank.AssertLedgerIsSoundAsync();
    }

    // The first calls after a restart may still meet connections of the server that is gone.
    private static async Task<HttpResponseMessage> RetryAsync(PaymentBank bank, PayingCustomer customer, string payment)
    {
        HttpResponseMessage? response = null;
        await Wait.UntilAsync(async () =>
        {
            response?.Dispose();
            response = await bank.ExecuteAsync(customer, payment, "key-of-" + payment);
            return response.StatusCode != HttpStatusCode.ServiceUnavailable;
        });
        return response!;
    }

    private static Task<long> ExecutedAsync(PaymentBank bank, IEnumerable<string> payments) => bank.ScalarAsync<long>(
        "select count(*) from payment.payment p join ledger.journal_entry e on e.payment_id = p.id where p.state = 'executed' and p.public_id = any($1)",
        payments.Select(id => PaymentBank.IdOf(PublicId.Payment, id)).ToArray());
}
