using System.Net.Sockets;
using System.Text.Json;
using Banking.Client;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Banking.Api.Infrastructure;

/// <summary>
/// The last resort: whatever nobody expected becomes a ProblemDetails with a stable code and a trace id, never a stack trace.
/// Requests that cannot be read arrive here too, because the framework reports them as exceptions.
/// </summary>
internal sealed class ExceptionToProblem(ILogger<ExceptionToProblem> logger) : IExceptionHandler
{
    private const int ClientClosedRequest = 499;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = ClientClosedRequest;
            return true;
        }

        var problem = Translate(exception);
        if (problem.Status >= StatusCodes.Status500InternalServerError)
        {
            logger.LogError(exception, "A request failed: {Code}.", problem.Code);
        }

        await problem.ExecuteAsync(httpContext);
        return true;
    }

    public static Problem Translate(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new(StatusCodes.Status413PayloadTooLarge, ErrorCodes.MalformedRequest, "The request is too large."),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => new(StatusCodes.Status415UnsupportedMediaType, ErrorCodes.MalformedRequest, "The body is not of the declared content type."),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => new(StatusCodes.Status408RequestTimeout, ErrorCodes.MalformedRequest, "The request did not arrive in time."),
        BadHttpRequestException { InnerException: JsonException json } => OfJson(json),
        BadHttpRequestException { InnerException: null } bad => OfParameter(bad),
        BadHttpRequestException => Malformed,
        JsonException json => OfJson(json),
        _ when IsUnavailable(exception) => new(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Unavailable, "The bank cannot be reached just now; nothing was done.")
        {
            Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "5" },
        },
        _ => new(StatusCodes.Status500InternalServerError, ErrorCodes.InternalError, "Something failed on our side; nothing was done."),
    };

    private static Problem Malformed { get; } = Problem.Invalid(ErrorCodes.MalformedRequest, "The body is not the JSON document that was expected.");

    private static Problem OfJson(JsonException exception)
    {
        if ((exception as MoneyFormatException ?? exception.InnerException as MoneyFormatException) is { } money)
        {
            return MoneyProblem.Of(money.Fault);
        }

        // The reader's own complaint (no JSON at all, too deep) is wrapped in the serializer's; a document of the wrong form is not.
        return exception.InnerException is JsonException
            ? Malformed
            : InvalidRequest.Of(exception.Path is { Length: > 0 } path ? path : "$", "A member is missing, unknown, given twice, or has the wrong type.");
    }

    private static Problem OfParameter(BadHttpRequestException exception)
    {
        // Failed to bind parameter "DateOnly? From" from "x". The name is part of the public contract; the rest of the text is the framework's.
        var declaration = exception.Message.Split('"') is [_, var quoted, ..] ? quoted.Split(' ')[^1] : "";
        return declaration.Length == 0
            ? Malformed
            : InvalidRequest.Of(JsonNamingPolicy.CamelCase.ConvertName(declaration), "The value is missing or has the wrong form.");
    }

    private static bool IsUnavailable(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.ReadOnlySqlTransaction
            || postgres.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException or SocketException or TimeoutException => true,
        DbUpdateException or InvalidOperationException or AggregateException => exception.InnerException is { } inner && IsUnavailable(inner),
        _ => false,
    };
}
