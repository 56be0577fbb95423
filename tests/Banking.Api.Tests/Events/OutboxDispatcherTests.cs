using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Api.Events;
using Banking.Api.Infrastructure;
using Banking.Api.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using SecureBank.ServiceDefaults;
using Testing;

namespace Banking.Api.Tests.Events;

public sealed class OutboxDispatcherTests : IAsyncLifetime
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentQueue<Delivery> _deliveries = new();
    private TestDatabase _database = null!;
    private WebApplication _receiver = null!;
    private ApiHost _host = null!;
    private Func<Delivery, int> _answer = _ => 202;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _receiver = builder.Build();
        _receiver.MapPost("/events", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var headers = context.Request.Headers;
            var delivery = new Delivery(headers[EventSignature.IdHeader]!, headers[EventSignature.TimestampHeader]!, headers[EventSignature.SignatureHeader]!, body.ToArray());
            var status = _answer(delivery);
            _deliveries.Enqueue(delivery);
            return Results.StatusCode(status);
        });
        await _receiver.StartAsync();
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database, new Dictionary<string, string?>
        {
            ["Audit:Sealing"] = "false",
            ["Events:Endpoints:assistant"] = _receiver.Urls.First() + "/events",
            ["Events:SigningSecret"] = Convert.ToBase64String(Secret),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _receiver.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Commit_WhenAnEventWaits_DeliversItSignedAsACloudEvent()
    {
        await EmitAsync("pay_1", 1);
        await Wait.UntilAsync(() => !_deliveries.IsEmpty);

        var delivery = _deliveries.Single();
        Assert.True(new EventSignature(Secret, _host.Clock).Verify(delivery.Id, delivery.Timestamp, delivery.Signature, delivery.Body));
        Assert.False(new EventSignature(Secret, _host.Clock).Verify(delivery.Id, delivery.Timestamp, delivery.Signature, [.. delivery.Body, 32]));
        var cloudEvent = delivery.Json;
        Assert.Equal(
            ("1.0", delivery.Id, EventTypes.PaymentStateChanged, "pay_1", "application/json", 1),
            (cloudEvent.GetProperty("specversion").GetString(), cloudEvent.GetProperty("id").GetString(), cloudEvent.GetProperty("type").GetString(),
                cloudEvent.GetProperty("subject").GetString(), cloudEvent.GetProperty("datacontenttype").GetString(), delivery.Number));
        await Wait.UntilAsync(async () => await UndeliveredAsync() == 0);
    }

    [Fact]
    public async Task Receiver_WhenItFails_GetsTheSameEventAgainAndLaterOnesOfTheSubjectAfterIt()
    {
        var failures = 2;
        _answer = delivery => delivery.Number == 1 && Interlocked.Decrement(ref failures) >= 0 ? 503 : 200;
        await EmitAsync("pay_1", 1);
        await EmitAsync("pay_1", 2);
        await EmitAsync("pay_2", 3);

        await Wait.UntilAsync(async () =>
        {
            _host.Clock.Advance(TimeSpan.FromSeconds(1));
            await _host.Services.GetRequiredService<OutboxDispatcher>().DispatchDueAsync(CancellationToken.None);
            return await UndeliveredAsync() == 0;
        });

        var ofSubject = _deliveries.Where(delivery => delivery.Json.GetProperty("subject").GetString() == "pay_1").ToList();
        Assert.Equal([1, 1, 1, 2], ofSubject.Select(delivery => delivery.Number));
        Assert.Single(ofSubject.Take(3).Select(delivery => delivery.Id).Distinct());
        Assert.Single(_deliveries, delivery => delivery.Number == 3);
    }

    // Nothing waits for the poll: the commit itself wakes whoever listens.
    [Fact]
    public async Task Commit_WhenAnEventIsLeft_WakesListeners()
    {
        await using var listener = new NpgsqlConnection(_database.AppConnectionString);
        await listener.OpenAsync();
        await using (var listen = new NpgsqlCommand("listen outbox", listener))
        {
            await listen.ExecuteNonQueryAsync();
        }

        await EmitAsync("pay_1", 1);
        Assert.True(await listener.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void DelayAfter_WhenAttemptsGrow_DoublesUpToAnHour()
    {
        for (var attempts = 1; attempts <= 40; attempts++)
        {
            var expected = Math.Min(Math.Pow(2, attempts - 1), 3600);
            Assert.InRange(OutboxDispatcher.DelayAfter(attempts).TotalSeconds, expected * 0.8, expected * 1.2);
        }
    }

    private async Task EmitAsync(string subject, int number) =>
        await _host.WithDatabaseAsync(async db =>
        {
            db.Add(OutboxEvent.Create(_host.Clock, EventTypes.PaymentStateChanged, subject, new JsonObject { ["number"] = number }));
            return await db.SaveChangesAsync();
        });

    private Task<int> UndeliveredAsync() => _host.WithDatabaseAsync(db => Task.FromResult(db.Set<OutboxEvent>().Count(row => row.DeliveredAt == null)));

    private sealed record Delivery(string Id, string Timestamp, string Signature, byte[] Body)
    {
        public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

        public int Number => Json.GetProperty("data").GetProperty("number").GetInt32();
    }
}
