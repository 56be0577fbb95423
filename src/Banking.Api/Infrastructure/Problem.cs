using System.Diagnostics;
using Banking.Client;
using Microsoft.AspNetCore.Mvc;

namespace Banking.Api.Infrastructure;

/// <summary>
/// An expected failure: a named value, not an exception. It is also the HTTP answer (RFC 9457) with a stable <c>code</c>,
/// so that every endpoint answers failures in one vocabulary.
/// </summary>
public sealed record Problem(int Status, string Code, string Title) : IResult
{
    /// <summary>What this caller can do about it; never names internals or another customer's data.</summary>
    public string? Detail { get; init; }

    /// <summary>Further members of the answer, such as <c>authorizationId</c>.</summary>
    public IReadOnlyDictionary<string, object?>? Extensions { get; init; }

    /// <summary>Response headers that belong to the failure, such as <c>WWW-Authenticate</c>.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>No such resource for this caller; also the answer for somebody else's.</summary>
    public static Problem NotFound(string title = "There is no such resource.") => new(StatusCodes.Status404NotFound, ErrorCodes.NotFound, title);

    /// <summary>The request is well formed but cannot be done.</summary>
    public static Problem Unprocessable(string code, string title) => new(StatusCodes.Status422UnprocessableEntity, code, title);

    /// <summary>The request collides with the present state.</summary>
    public static Problem Conflict(string code, string title) => new(StatusCodes.Status409Conflict, code, title);

    /// <summary>The request is not of the declared form.</summary>
    public static Problem Invalid(string code, string title) => new(StatusCodes.Status400BadRequest, code, title);

    /// <summary>The body as it goes over the wire.</summary>
    public ProblemDetails ToDetails()
    {
        var details = new ProblemDetails { Status = Status, Title = Title, Detail = Detail, Type = $"urn:securebank:problem:{Code}" };
        details.Extensions["code"] = Code;
        details.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString();
        foreach (var (key, value) in Extensions ?? new Dictionary<string, object?>())
        {
            details.Extensions[key] = value;
        }

        return details;
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        foreach (var (name, value) in Headers ?? new Dictionary<string, string>())
        {
            httpContext.Response.Headers[name] = value;
        }

        httpContext.Response.StatusCode = Status;
        return httpContext.Response.WriteAsJsonAsync(ToDetails(), options: null, contentType: "application/problem+json");
    }
}
