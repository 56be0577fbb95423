using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Threading.RateLimiting;
using Banking.Api.Identity;
using Banking.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Banking.Api.Infrastructure;

/// <summary>
/// What every endpoint has in common: strict JSON, one vocabulary of errors, limits of size and rate, and headers that keep
/// bank data out of caches and frames.
/// </summary>
internal static class HttpSurface
{
    private const int BodyBytesMax = 64 * 1024;
    private const int JsonDepthMax = 16;

    public static IServiceCollection AddHttpSurface(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = BodyBytesMax;
        });
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(options => Tighten(options.SerializerOptions));
        services.AddExceptionHandler<ExceptionToProblem>();
        services.AddSingleton<ListCursor>();

        var limits = configuration.GetSection("RateLimits").Get<RateLimits>() ?? new RateLimits();
        services.AddRateLimiter(options =>
        {
            options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => Partition(context, limits));
            options.OnRejected = async (context, _) =>
            {
                var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var retryAfter) ? retryAfter : TimeSpan.FromSeconds(1);
                var problem = new Problem(StatusCodes.Status429TooManyRequests, ErrorCodes.TooManyRequests, "Too many requests; try again in a moment.")
                {
                    Headers = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["Retry-After"] = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture),
                    },
                };
                await problem.ExecuteAsync(context.HttpContext);
            };
        });
        return services;
    }

    /// <summary>The pipeline, in the order in which a request meets it.</summary>
    public static WebApplication UseHttpSurface(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
        }

        app.Use((context, next) =>
        {
            context.Response.OnStarting(static state =>
            {
                var headers = ((HttpContext)state).Response.Headers;
                headers.CacheControl = "no-store";
                headers.XContentTypeOptions = "nosniff";
                headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
                headers["Referrer-Policy"] = "no-referrer";
                return Task.CompletedTask;
            }, context);
            return next(context);
        });
        // ExceptionToProblem logs what is a fault of ours; the middleware's own line would say it twice.
        app.UseExceptionHandler(new ExceptionHandlerOptions { SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages(context => StatusToProblem(context.HttpContext.Response.StatusCode).ExecuteAsync(context.HttpContext));
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        return app;
    }

    /// <summary>
    /// JSON as declared and nothing else: unknown members, duplicate members, missing members and nulls where there must be a value are errors.
    /// </summary>
    public static void Tighten(JsonSerializerOptions options)
    {
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.MaxDepth = JsonDepthMax;
        options.TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(static type =>
        {
            foreach (var property in type.Properties)
            {
                // What may be null may also be absent; everything else of a request must be there.
                if (property.AssociatedParameter is { HasDefaultValue: false } parameter)
                {
                    property.IsRequired = property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is null : !parameter.IsNullable;
                }
            }
        });
    }

    private static Problem StatusToProblem(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => new(status, ErrorCodes.Unauthenticated, "There is no valid token."),
        StatusCodes.Status403Forbidden => new(status, ErrorCodes.Forbidden, "The token does not allow this."),
        StatusCodes.Status404NotFound => Problem.NotFound(),
        StatusCodes.Status405MethodNotAllowed => new(status, ErrorCodes.MalformedRequest, "The resource does not have this method."),
        StatusCodes.Status413PayloadTooLarge => new(status, ErrorCodes.MalformedRequest, "The request is too large."),
        StatusCodes.Status415UnsupportedMediaType => new(status, ErrorCodes.MalformedRequest, "The body is not of the declared content type."),
        StatusCodes.Status429TooManyRequests => new(status, ErrorCodes.TooManyRequests, "Too many requests; try again in a moment."),
        >= 500 => new(status, ErrorCodes.InternalError, "Something failed on our side; nothing was done."),
        _ => new(status, ErrorCodes.MalformedRequest, "The request cannot be read."),
    };

    private static RateLimitPartition<string> Partition(HttpContext context, RateLimits limits)
    {
        if (context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            return RateLimitPartition.GetNoLimiter("health");
        }

        var (key, bucket) = Caller.Of(context) is { } caller
            ? ($"user:{caller.UserId}", limits.User)
            : ($"address:{context.Connection.RemoteIpAddress}", limits.Address);
        return RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = bucket.Burst,
            TokensPerPeriod = bucket.PerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        });
    }
}

/// <summary>How many requests are answered (section <c>RateLimits</c>).</summary>
internal sealed record RateLimits
{
    /// <summary>Of one signed-in user, whichever way the calls come.</summary>
    public RateLimit User { get; init; } = new(200, 50);

    /// <summary>Of one network address without a valid token. The bank's own web server is one address.</summary>
    public RateLimit Address { get; init; } = new(1000, 200);
}

/// <summary>A token bucket: <paramref name="Burst"/> requests at once, <paramref name="PerSecond"/> in the long run.</summary>
internal sealed record RateLimit(int Burst, int PerSecond);
