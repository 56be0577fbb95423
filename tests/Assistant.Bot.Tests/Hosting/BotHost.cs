using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AppHost.Postgres;
using Assistant.Bot.Conversations;
using Assistant.Bot.Hosting;
using Assistant.Bot.Migrations;
using Assistant.Bot.Planning;
using Assistant.Bot.Turns;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SecureBank.ServiceDefaults;
using Testing;

namespace Assistant.Bot.Tests.Hosting;

/// <summary>The assistant as it runs, on a loopback port, with a database of its own and a planner the test chooses.</summary>
internal sealed class BotHost : IAsyncDisposable
{
    public const string Secret = "direct-line-secret-for-tests-0123456789abcdef";
    public const string WebBaseAddress = "http://localhost:5080";

    private static readonly byte[] EventsSecret = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];

    private readonly WebApplication _app;

    private BotHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    public Uri Address => new(_app.Urls.Single());

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Everything the process logged.</summary>
    public CapturedLog Log { get; private set; } = null!;

    public static Task<TestDatabase> CreateDatabaseAsync() =>
        TestDatabase.FromTemplateAsync("assistant", owner => AssistantSchema.MigrateAsync(owner, TimeProvider.System), DatabaseLayout.Assistant);

    public static async Task<BotHost> StartAsync(
        TestDatabase database,
        FakeBank bank,
        IPlanner? planner,
        TimeProvider? clock = null,
        Action<IServiceCollection>? configure = null,
        IReadOnlyDictionary<string, string?>? settings = null)
    {
        var log = new CapturedLog();
        var app = AssistantHost.Build([], builder =>
        {
            builder.Environment.EnvironmentName = Environments.Development;
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ConnectionStrings:Assistant"] = database.AppConnectionString,
                ["BankingApi:BaseAddress"] = bank.Address.AbsoluteUri,
                ["BankingApi:ClientSecret"] = FakeBank.ClientSecret,
                ["DirectLine:Secret"] = Secret,
                ["Events:SigningSecret"] = Convert.ToBase64String(EventsSecret),
                ["Encryption:MasterKey"] = Convert.ToBase64String([.. Enumerable.Range(1, 32).Select(i => (byte)i)]),
                ["Bank:WebBaseAddress"] = WebBaseAddress,
            });
            if (settings is not null)
            {
                builder.Configuration.AddInMemoryCollection(settings);
            }

            builder.Logging.ClearProviders();
            builder.Logging.SetMinimumLevel(LogLevel.Debug);
            builder.Logging.AddProvider(log);
            if (planner is not null)
            {
                builder.Services.RemoveAllKeyed<IPlanner>(AssistantHost.Embedded);
                builder.Services.AddKeyedSingleton(AssistantHost.Embedded, planner);
            }

            if (clock is not null)
            {
                builder.Services.RemoveAll<TimeProvider>();
                builder.Services.AddSingleton(clock);
            }

            configure?.Invoke(builder.Services);
        });
        await app.StartAsync();
        var host = new BotHost(app) { Log = log };
        host.Http = new HttpClient { BaseAddress = host.Address };
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>A conversation opened as the bank's web server does: token, then (unless told otherwise) the customer's delegation, then start.</summary>
    public async Task<DirectLineClient> OpenAsync(bool delegated = true)
    {
        var client = await DirectLineClient.GenerateAsync(Http, Secret);
        if (delegated)
        {
            await DelegateAsync(client.ConversationId);
        }

        await client.StartAsync();
        return client;
    }

    public async Task DelegateAsync(string conversationId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"internal/conversations/{conversationId}/delegation") { Content = JsonContent.Create(new { grant = $"{FakeBank.Grant}_{conversationId}", locale = "en-GB" }) };
        request.Headers.Authorization = new("Bearer", Secret);
        using var response = await Http.SendAsync(request);
        Assert.Equal(204, (int)response.StatusCode);
    }

    /// <summary>Delivers an event as the bank does.</summary>
    public async Task<int> SendEventAsync(string id, string type, object data, byte[]? secret = null, TimeProvider? clock = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { specversion = "1.0", id, source = "/test", type, data });
        var (timestamp, signature) = new EventSignature(secret ?? EventsSecret, clock ?? Services.GetRequiredService<TimeProvider>()).Sign(id, body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "events") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/cloudevents+json");
        request.Headers.Add(EventSignature.IdHeader, id);
        request.Headers.Add(EventSignature.TimestampHeader, timestamp);
        request.Headers.Add(EventSignature.SignatureHeader, signature);
        using var response = await Http.SendAsync(request);
        return (int)response.StatusCode;
    }
}

/// <summary>Keeps what is logged, for tests that look for what must not be there.</summary>
internal sealed class CapturedLog : ILoggerProvider
{
    private readonly StringBuilder _text = new();

    public string Text
    {
        get
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(CapturedLog owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (owner._text)
            {
                owner._text.Append(category).Append(": ").Append(formatter(state, exception)).Append(' ').AppendLine(exception?.ToString());
            }
        }
    }
}
