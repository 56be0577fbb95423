using System.Net;
using System.Threading.RateLimiting;
using Assistant.Bot.Cards;
using Assistant.Bot.Conversations;
using Assistant.Bot.Delegation;
using Assistant.Bot.DirectLine;
using Assistant.Bot.Events;
using Assistant.Bot.Help;
using Assistant.Bot.Planning;
using Assistant.Bot.Planning.Embedded;
using Assistant.Bot.Planning.Gate;
using Assistant.Bot.Planning.Model;
using Assistant.Bot.Plugins;
using Assistant.Bot.Turns;
using Assistant.Bot.Understanding;
using Banking.Client;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Assistant.Bot.Hosting;

/// <summary>Puts the process together.</summary>
internal static class AssistantHost
{
    /// <summary>Key of the planner that is always there.</summary>
    public const string Embedded = "embedded";

    private const int BodyBytesMax = 128 * 1024;

    /// <summary>Builds the server. <paramref name="configure"/> is for tests: it runs last and may replace any service.</summary>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults("assistant-bot");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });

        var services = builder.Services;
        services.AddSingleton(provider => AssistantSettings.Read(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => NpgsqlDataSource.Create(provider.GetRequiredService<AssistantSettings>().ConnectionString));
        services.AddSingleton(provider => new ColumnCipher(provider.GetRequiredService<AssistantSettings>().EncryptionMasterKey));
        services.AddSingleton(provider => new EventSignature(provider.GetRequiredService<AssistantSettings>().EventsSigningSecret, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new DirectLineTokens(provider.GetRequiredService<AssistantSettings>().DirectLineSecret, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(MakeBankingApi);
        services.AddSingleton(HelpLibrary.Default);
        services.AddSingleton(provider => LoadUnderstanding(provider.GetRequiredService<IConfiguration>()));
        services.AddKeyedSingleton<IPlanner>(Embedded, (provider, _) => new EmbeddedPlanner(provider.GetRequiredService<UnderstandingModel>()));
        services.AddSingleton<IAmountReader, CustomerAmounts>();
        services.AddSingleton(provider => new Planners(
            provider.GetRequiredKeyedService<IPlanner>(Embedded),
            provider.GetRequiredService<AssistantSettings>().Model is { } model ? new ModelPlanner(model, provider.GetRequiredService<TimeProvider>()) : null));

        services.AddSingleton<JournalCipher>();
        services.AddSingleton<ConversationStore>();
        services.AddSingleton<ConversationSignals>();
        services.AddHostedService(provider => provider.GetRequiredService<ConversationSignals>());
        services.AddSingleton<Greeting>();
        services.AddSingleton<DirectLine.Stream>();
        services.AddSingleton<DelegatedTokens>();
        services.AddHostedService<DelegationKeeper>();
        services.AddSingleton<CardRenderer>();
        services.AddSingleton<ToolSet>();
        services.AddSingleton<IToolGate, ToolGate>();
        services.AddSingleton<ToolExecutor>();
        services.AddSingleton<ITurnJournal, TurnJournal>();
        services.AddSingleton<TurnRunner>();
        services.AddSingleton<TurnDispatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<TurnDispatcher>());
        services.AddHealthChecks().AddDatabase("assistant.conversation");

        services.AddRateLimiter(ConfigureRateLimits);
        services.Configure<ForwardedHeadersOptions>(options =>
        {
            // Our own web server stands before us; only from loopback (or a listed address) may it say what the client used.
            options.ForwardedHeaders = ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedPrefix;
            foreach (var proxy in builder.Configuration.GetSection("DirectLine:KnownProxies").Get<string[]>() ?? [])
            {
                options.KnownProxies.Add(IPAddress.Parse(proxy));
            }
        });

        configure?.Invoke(builder);
        var app = builder.Build();
        // Reads the whole configuration, and the model, before anything is served.
        _ = app.Services.GetRequiredService<AssistantSettings>();
        _ = app.Services.GetRequiredService<Planners>();
        Map(app);
        return app;
    }

    // A model folder, or a registry of them whose champion is used; shipped beside the program when not configured.
    private static UnderstandingModel LoadUnderstanding(IConfiguration configuration)
    {
        var folder = configuration["Understanding:Model"] is { Length: > 0 } given ? given : Path.Combine(AppContext.BaseDirectory, "models", "understanding");
        return File.Exists(Path.Combine(folder, "manifest.json")) ? UnderstandingModel.Load(folder) : UnderstandingModel.LoadChampion(folder);
    }

    // One client for the process: it holds nothing of a caller, and its handler renews connections so that a moved address is noticed.
    private static BankingApiClient MakeBankingApi(IServiceProvider provider)
    {
        var settings = provider.GetRequiredService<AssistantSettings>();
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        var http = new HttpClient(handler, disposeHandler: true) { BaseAddress = new Uri(settings.BankingApi.AbsoluteUri.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(8) };
        BankingApiClient.AddClientCredential(http, "assistant", settings.BankingApiClientSecret);
        return new BankingApiClient(http);
    }

    private static void Map(WebApplication app)
    {
        app.UseForwardedHeaders();
        app.Use(RefuseBadRequestsAsync);
        app.UseRouting();
        app.UseRateLimiter();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
        app.MapHealth();

        var directLine = app.MapGroup("/v3/directline").RequireRateLimiting("channel");
        directLine.MapPost("/tokens/generate", GenerateToken.HandleAsync);
        directLine.MapPost("/tokens/refresh", RefreshToken.HandleAsync);
        directLine.MapPost("/conversations", StartConversation.HandleAsync);
        directLine.MapGet("/conversations/{id}", ReconnectConversation.HandleAsync);
        directLine.MapGet("/conversations/{id}/activities", ReadActivities.HandleAsync);
        directLine.MapPost("/conversations/{id}/activities", PostActivity.HandleAsync).RequireRateLimiting("messages");
        directLine.MapPost("/conversations/{id}/upload", RefuseUpload.HandleAsync);
        directLine.MapGet("/conversations/{id}/stream", DirectLine.Stream.HandleAsync);
        app.MapPost("/internal/conversations/{id}/delegation", AcceptDelegation.HandleAsync);
        app.MapPost("/events", ReceiveEvent.HandleAsync);
    }

    // One answer for everything that goes wrong before or outside a handler, in the channel's own form.
    private static async Task RefuseBadRequestsAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException fault) when (!context.Response.HasStarted)
        {
            await (fault.StatusCode == StatusCodes.Status413PayloadTooLarge ? DirectLineError.TooLarge : DirectLineError.Malformed).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
#pragma warning disable CA1031 // Last resort: the client learns nothing about the fault, the log does.
        catch (Exception fault) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Assistant.Bot").LogError(fault, "A request to {Route} failed.", (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
            await new DirectLineError(500, "ServiceError", "Something went wrong on our side. Nothing was done; the same call may be repeated.").ExecuteAsync(context);
        }
    }

    private static void ConfigureRateLimits(RateLimiterOptions options)
    {
        options.OnRejected = async (rejected, _) => await DirectLineError.TooMany.ExecuteAsync(rejected.HttpContext);
        options.AddPolicy("channel", context => RateLimitPartition.GetTokenBucketLimiter(
            Partition(context),
            _ => new TokenBucketRateLimiterOptions { TokenLimit = 300, TokensPerPeriod = 100, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0 }));
        // Faster than anybody types, slower than a script.
        options.AddPolicy("messages", context => RateLimitPartition.GetTokenBucketLimiter(
            Partition(context),
            _ => new TokenBucketRateLimiterOptions { TokenLimit = 30, TokensPerPeriod = 5, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0 }));
    }

    // A caller is its credential: a token names one conversation of one customer. The credential itself stays out of the limiter's memory.
    private static string Partition(HttpContext context) =>
        context.Request.RouteValues["id"] as string is { Length: <= 64 } id
            ? id
            : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString())));
}
