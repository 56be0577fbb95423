using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Banking.Client;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Events;

/// <summary>Where events go (section <c>Events</c>).</summary>
internal sealed class EventOptions
{
    /// <summary>Receivers by name.</summary>
    public IReadOnlyDictionary<string, Uri> Endpoints { get; init; } = new Dictionary<string, Uri>(StringComparer.Ordinal);

    /// <summary>How long one delivery may take; the lease on an event is longer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    public static EventOptions Read(IConfiguration configuration) => new()
    {
        Endpoints = configuration.GetSection("Events:Endpoints").GetChildren()
            .Where(endpoint => !string.IsNullOrEmpty(endpoint.Value))
            .ToDictionary(endpoint => endpoint.Key, endpoint => new Uri(endpoint.Value!, UriKind.Absolute), StringComparer.Ordinal),
    };
}

/// <summary>
/// Carries events from the outbox to every receiver: CloudEvents 1.0 in structured JSON, signed (Standard Webhooks), at least once, events
/// about one subject in order. A row is leased by moving its next attempt into the future, so no transaction is open while a receiver thinks,
/// any number of copies may work side by side, and what a dying copy had leased comes back by itself.
/// </summary>
internal sealed class OutboxDispatcher(
    NpgsqlDataSource database, IHttpClientFactory clients, EventOptions options, EventSignature signature, TimeProvider clock, ILogger<OutboxDispatcher> logger) : BackgroundService
{
    public const string HttpClientName = "events";

    private const int BatchMax = 64;
    private const int ConcurrentMax = 8;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DelayMax = TimeSpan.FromHours(1);
    // With delays that double up to an hour, a day of trying.
    private const int AttemptsMax = 36;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.Default };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Endpoints.Count == 0)
        {
            logger.LogWarning("No receiver of events is configured (Events:Endpoints): they wait in the outbox.");
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var listener = await database.OpenConnectionAsync(stoppingToken);
                await using (var listen = new NpgsqlCommand("listen outbox", listener))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                while (true)
                {
                    while (await DispatchDueAsync(stoppingToken) > 0)
                    {
                    }

                    // Woken by a commit; the poll finds what a failed attempt or another copy left behind.
                    await listener.WaitAsync(PollInterval, stoppingToken);
                }
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or InvalidOperationException or IOException)
            {
                logger.LogWarning("The outbox cannot be read just now ({Fault}); it is tried again.", fault.GetType().Name);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(PollInterval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Leases what is due and tries to deliver it; returns how many events were delivered.</summary>
    public async Task<int> DispatchDueAsync(CancellationToken cancellationToken)
    {
        var delivered = 0;
        await Parallel.ForEachAsync(
            await LeaseAsync(cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrentMax, CancellationToken = cancellationToken },
            async (due, token) =>
            {
                var undelivered = new List<string>();
                foreach (var (name, address) in options.Endpoints)
                {
                    if (!await TryPostAsync(due, address, token))
                    {
                        undelivered.Add(name);
                    }
                }

                if (undelivered.Count == 0)
                {
                    await ExecuteAsync("update event.outbox set delivered_at = $2 where id = $1", due.Id, clock.GetUtcNow(), token);
                    Interlocked.Increment(ref delivered);
                }
                else
                {
                    await PostponeAsync(due, undelivered, token);
                }
            });
        return delivered;
    }

    /// <summary>How long to wait after a number of failed attempts: doubling up to an hour, spread by a fifth so that many events do not return at once.</summary>
    internal static TimeSpan DelayAfter(int attempts)
    {
        var seconds = Math.Min(Math.Pow(2, Math.Min(attempts, 20) - 1), DelayMax.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (0.8 + (RandomNumberGenerator.GetInt32(401) / 1000.0)));
    }

    private async Task<List<Due>> LeaseAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // Longer than all receivers together may take.
        var leasedUntil = now + (options.Timeout * (options.Endpoints.Count + 1)) + TimeSpan.FromSeconds(30);
        await using var lease = database.CreateCommand(
            $"""
            update event.outbox o set attempts = o.attempts + 1, next_attempt_at = $2
            from (
                select d.id from event.outbox d
                where d.delivered_at is null and d.next_attempt_at <= $1
                  and not exists (select 1 from event.outbox earlier
                                  where earlier.subject = d.subject and earlier.id < d.id and earlier.delivered_at is null and earlier.next_attempt_at < 'infinity')
                order by d.next_attempt_at, d.id limit {BatchMax}
                for update skip locked) due
            where o.id = due.id
            returning o.id, o.public_id, o.type, o.subject, o.data::text, o.occurred_at, o.attempts
            """);
        lease.Parameters.Add(new() { Value = now });
        lease.Parameters.Add(new() { Value = leasedUntil });
        var due = new List<Due>();
        await using var rows = await lease.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            due.Add(new Due(
                rows.GetInt64(0),
                PublicId.Format(PublicId.Event, rows.GetGuid(1)),
                rows.GetString(2),
                await rows.IsDBNullAsync(3, cancellationToken) ? null : rows.GetString(3),
                rows.GetString(4),
                rows.GetFieldValue<DateTimeOffset>(5),
                rows.GetInt32(6)));
        }

        return due;
    }

    private async Task<bool> TryPostAsync(Due due, Uri address, CancellationToken cancellationToken)
    {
        var body = ToCloudEvent(due);
        var (timestamp, signed) = signature.Sign(due.EventId, body);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");
        request.Headers.Add(EventSignature.IdHeader, due.EventId);
        request.Headers.Add(EventSignature.TimestampHeader, timestamp);
        request.Headers.Add(EventSignature.SignatureHeader, signed);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Timeout);
        try
        {
            using var response = await clients.CreateClient(HttpClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task PostponeAsync(Due due, List<string> undelivered, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (due.Attempts >= AttemptsMax)
        {
            // Parked, not lost: the row stays undelivered, and later events of its subject go on.
            logger.LogError("Event {EventId} of type {Type} was not taken by {Receivers} in a day and is parked.", due.EventId, due.Type, string.Join(", ", undelivered));
            await using var park = database.CreateCommand("update event.outbox set next_attempt_at = 'infinity' where id = $1");
            park.Parameters.Add(new() { Value = due.Id });
            await park.ExecuteNonQueryAsync(cancellationToken);
            return;
        }

        var next = now + DelayAfter(due.Attempts);
        logger.LogWarning("Event {EventId} of type {Type} was not taken by {Receivers}; attempt {Attempt}.", due.EventId, due.Type, string.Join(", ", undelivered), due.Attempts);
        await ExecuteAsync("update event.outbox set next_attempt_at = $2 where id = $1", due.Id, next, cancellationToken);
    }

    private async Task ExecuteAsync(string sql, long id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = at });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static byte[] ToCloudEvent(Due due)
    {
        using var data = JsonDocument.Parse(due.Data);
        return JsonSerializer.SerializeToUtf8Bytes(
            new CloudEvent("1.0", due.EventId, "urn:securebank:banking-api", due.Type, due.OccurredAt.ToString("O", CultureInfo.InvariantCulture), due.Subject, "application/json", data.RootElement),
            Json);
    }

    private sealed record Due(long Id, string EventId, string Type, string? Subject, string Data, DateTimeOffset OccurredAt, int Attempts);

    // Names are those of CloudEvents 1.0, section 3: lower case, no separators.
    private sealed record CloudEvent(
        string Specversion,
        string Id,
        string Source,
        string Type,
        string Time,
        [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Subject,
        string Datacontenttype,
        JsonElement Data);
}

internal static class EventsRegistration
{
    /// <summary>The outbox and its dispatcher. The secret is required once there is a receiver.</summary>
    public static void AddEvents(this IServiceCollection services, IConfiguration configuration)
    {
        var options = EventOptions.Read(configuration);
        services.AddSingleton(options);
        services.AddHttpClient(OutboxDispatcher.HttpClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            // A receiver is exactly where we send to: a redirect would send bank events elsewhere.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
            .RemoveAllLoggers();
        if (options.Endpoints.Count > 0)
        {
            services.AddSingleton(provider => new EventSignature(configuration.RequireSecret("Events:SigningSecret"), provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<OutboxDispatcher>();
            services.AddHostedService(provider => provider.GetRequiredService<OutboxDispatcher>());
        }
    }
}
