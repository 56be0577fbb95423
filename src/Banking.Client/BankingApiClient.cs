using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Banking.Client;

/// <summary>
/// What goes along with one call: on whose behalf it is made, and the headers that bind or correlate it. Only what is set is sent.
/// </summary>
public sealed record CallContext
{
    /// <summary>A call by the client itself, with its own credential only.</summary>
    public static CallContext None { get; } = new();

    /// <summary>The session's (<c>sbs_</c>) or the assistant's narrowed (<c>sbd_</c>) token.</summary>
    public string? AccessToken { get; init; }

    /// <summary>1 to 64 visible ASCII characters that make a repeated command the same command.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Origin of the page that ran a WebAuthn ceremony, forwarded from the browser.</summary>
    public string? Origin { get; init; }

    /// <summary>The conversation that a delegated token is bound to.</summary>
    public string? ConversationId { get; init; }

    /// <summary>The turn a delegated call belongs to; audited.</summary>
    public string? TurnId { get; init; }

    /// <summary>The tool call a delegated call carries out; audited.</summary>
    public string? ToolCallId { get; init; }
}

/// <summary>Names of the request headers that are ours.</summary>
public static class ApiHeaders
{
    /// <summary>The client's own credential, <c>Basic base64(id:secret)</c>, beside the customer's token in <c>Authorization</c>.</summary>
    public const string ClientAuthorization = "X-Client-Authorization";

    /// <summary>See <see cref="CallContext.ConversationId"/>.</summary>
    public const string ConversationId = "X-Conversation-Id";

    /// <summary>See <see cref="CallContext.TurnId"/>.</summary>
    public const string TurnId = "X-Turn-Id";

    /// <summary>See <see cref="CallContext.ToolCallId"/>.</summary>
    public const string ToolCallId = "X-Tool-Call-Id";

    /// <summary>See <see cref="CallContext.IdempotencyKey"/>.</summary>
    public const string IdempotencyKey = "Idempotency-Key";

    /// <summary>Present with the value <c>true</c> on a repeated answer.</summary>
    public const string IdempotencyReplayed = "Idempotency-Replayed";
}

/// <summary>
/// The bank's API as its own processes call it. Expected failures, also of the network, are values (<see cref="ApiResult{T}"/>).
/// The <see cref="HttpClient"/> brings base address, timeout and, where the process has one, the client credential (<see cref="AddClientCredential"/>).
/// </summary>
/// <remarks>Holds nothing of a caller: one instance serves all of them, each call with its own <see cref="CallContext"/>.</remarks>
public sealed partial class BankingApiClient(HttpClient http)
{
    /// <summary>The JSON of the wire: web defaults; amounts are decimal strings.</summary>
    public static JsonSerializerOptions Json { get; } = MakeJson();

    /// <summary>Makes every request of an <see cref="HttpClient"/> carry the process's own credential.</summary>
    public static void AddClientCredential(HttpClient http, string clientId, string secret)
    {
        ArgumentNullException.ThrowIfNull(http);
        http.DefaultRequestHeaders.Remove(ApiHeaders.ClientAuthorization);
        http.DefaultRequestHeaders.Add(ApiHeaders.ClientAuthorization, "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{clientId}:{secret}")));
    }

    private Task<ApiResult<T>> GetAsync<T>(string path, CallContext call, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Get, path, null, call, cancellationToken);

    private Task<ApiResult<T>> PostAsync<T>(string path, object? body, CallContext call, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Post, path, body is null ? null : JsonContent.Create(body, body.GetType(), options: Json), call, cancellationToken);

    private Task<ApiResult<T>> PatchAsync<T>(string path, object body, CallContext call, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Patch, path, JsonContent.Create(body, body.GetType(), options: Json), call, cancellationToken);

    private Task<ApiResult<T>> DeleteAsync<T>(string path, object? body, CallContext call, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Delete, path, body is null ? null : JsonContent.Create(body, body.GetType(), options: Json), call, cancellationToken);

    private async Task<ApiResult<T>> SendAsync<T>(HttpMethod method, string path, HttpContent? content, CallContext call, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        AddHeaders(request.Headers, call);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return await ReadProblemAsync(response, cancellationToken);
            }

            if (typeof(T) == typeof(Done))
            {
                return (T)(object)default(Done);
            }

            var value = await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken);
            var replayed = response.Headers.TryGetValues(ApiHeaders.IdempotencyReplayed, out var values) && values.Contains("true", StringComparer.Ordinal);
            return value is null ? ApiProblem.NoAnswer : ApiResult<T>.Of(value, replayed);
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or IOException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Refused, reset, timed out, or no JSON of ours: in each case there is no answer to rely on.
            return ApiProblem.NoAnswer;
        }
    }

    private static void AddHeaders(HttpRequestHeaders headers, CallContext call)
    {
        if (call.AccessToken is not null)
        {
            headers.Authorization = new AuthenticationHeaderValue("Bearer", call.AccessToken);
        }

        foreach (var (name, value) in ((string, string?)[])
            [
                (ApiHeaders.IdempotencyKey, call.IdempotencyKey), ("Origin", call.Origin), (ApiHeaders.ConversationId, call.ConversationId),
                (ApiHeaders.TurnId, call.TurnId), (ApiHeaders.ToolCallId, call.ToolCallId),
            ])
        {
            if (value is not null)
            {
                headers.Add(name, value);
            }
        }
    }

    private static async Task<ApiProblem> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                members = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>(Json, cancellationToken) ?? members;
            }
            catch (JsonException)
            {
                // A proxy's page, or a body cut short: the status alone must do.
            }
        }

        var code = Take("code") ?? Take("error") ?? status switch
        {
            401 => ErrorCodes.Unauthenticated,
            403 => ErrorCodes.Forbidden,
            404 => ErrorCodes.NotFound,
            429 => ErrorCodes.TooManyRequests,
            502 or 503 or 504 => ErrorCodes.Unavailable,
            >= 500 => ErrorCodes.InternalError,
            _ => ErrorCodes.MalformedRequest,
        };
        var title = Take("title") ?? Take("error_description") ?? $"The bank answered {status}.";
        var detail = Take("detail");
        members.Remove("status");
        members.Remove("type");
        return new ApiProblem(status, code, title, detail, members);

        string? Take(string name) =>
            members.Remove(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static string Escape(string segment) => Uri.EscapeDataString(segment);

    private static JsonSerializerOptions MakeJson()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        options.Converters.Add(new MoneyJsonConverter());
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
