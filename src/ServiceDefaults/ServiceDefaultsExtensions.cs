using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace SecureBank.ServiceDefaults;

/// <summary>What every process of ours has in common.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>
    /// Adds the clock, JSON logs, health checks, telemetry (only when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set), the supervised
    /// lifetime, and the guards that stop an unsafe production configuration from starting.
    /// </summary>
    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder, string serviceName)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Logging.ClearProviders();
        builder.Logging.AddJsonConsole(options =>
        {
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            options.IncludeScopes = false;
        });
        // Request logs of the framework carry full URLs; ours name the route and the trace instead.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Services.AddHealthChecks();
        builder.Services.AddProblemDetails();
        if (builder.Configuration.GetValue<bool>("Supervisor:Stdin"))
        {
            builder.Services.AddHostedService<SupervisedLifetime>();
        }

        if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            builder.Services.AddHostedService(services => new Telemetry(serviceName));
        }

        builder.Services.AddSingleton<IStartupFilter, ProductionGuard>();
        return builder;
    }

    /// <summary>Adds <c>/health/live</c> (the process answers) and <c>/health/ready</c> (so do the things it needs), without detail about either.</summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync }).AllowAnonymous();
        endpoints.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync }).AllowAnonymous();
        return endpoints;

        static Task WriteAsync(HttpContext context, Microsoft.Extensions.Diagnostics.HealthChecks.HealthReport report)
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(JsonSerializer.Serialize(new { status = report.Status.ToString() }));
        }
    }

    /// <summary>A required setting: its absence is an error that names it, before anything is served.</summary>
    /// <exception cref="InvalidOperationException">It is missing.</exception>
    public static string Require(this IConfiguration configuration, string key)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration[key] is { Length: > 0 } value ? value : throw new InvalidOperationException($"Setting '{key}' is missing.");
    }

    /// <summary>A required base64 secret of at least <paramref name="bytesMin"/> bytes.</summary>
    /// <exception cref="InvalidOperationException">It is missing, malformed or too short.</exception>
    public static byte[] RequireSecret(this IConfiguration configuration, string key, int bytesMin = 32)
    {
        var text = configuration.Require(key);
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out var length) && length >= bytesMin
            ? buffer[..length]
            : throw new InvalidOperationException($"Setting '{key}' is not a base64 secret of at least {bytesMin} bytes.");
    }

    private sealed class Telemetry(string serviceName) : IHostedService
    {
        private TracerProvider? _traces;
        private MeterProvider? _meters;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            var resource = ResourceBuilder.CreateDefault().AddService(serviceName, serviceNamespace: "securebank");
            _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource)
                .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "SecureBank.*").AddOtlpExporter().Build();
            _meters = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
                .AddMeter("Microsoft.AspNetCore.*", "System.Net.Http", "System.Runtime", "Npgsql", "SecureBank.*").AddOtlpExporter().Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _traces?.Dispose();
            _meters?.Dispose();
            return Task.CompletedTask;
        }
    }
}
