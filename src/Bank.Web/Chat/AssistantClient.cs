using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;

namespace Bank.Web.Chat;

/// <summary>A channel token and the conversation it is good for.</summary>
internal sealed record ChannelToken(string ConversationId, string Token);

/// <summary>The calls the pages themselves make to the assistant, with the Direct Line secret that never leaves this process.</summary>
internal sealed class AssistantClient(HttpClient http, IConfiguration configuration)
{
    private readonly string _secret = configuration["Assistant:DirectLineSecret"] ?? throw new InvalidOperationException("Setting 'Assistant:DirectLineSecret' is missing.");

    /// <summary>Asks for a token of a new conversation, for a user id nobody can guess or choose.</summary>
    /// <exception cref="HttpRequestException">The assistant cannot be reached or refused.</exception>
    public async Task<ChannelToken> GenerateTokenAsync(CancellationToken cancellationToken)
    {
        var user = new { id = $"dl_{RandomNumberGenerator.GetHexString(32, lowercase: true)}" };
        return await SendAsync("v3/directline/tokens/generate", _secret, new { user }, cancellationToken)
            ?? throw new HttpRequestException("The assistant refused our Direct Line secret.");
    }

    /// <summary>A fresh token for the same conversation; null when the old one has expired or the conversation has ended.</summary>
    /// <exception cref="HttpRequestException">The assistant cannot be reached.</exception>
    public Task<ChannelToken?> RefreshTokenAsync(string token, CancellationToken cancellationToken) =>
        SendAsync("v3/directline/tokens/refresh", token, body: null, cancellationToken);

    /// <summary>Hands over the bank's one-time grant, with which the assistant gets its own narrow token for this conversation.</summary>
    /// <exception cref="HttpRequestException">The assistant cannot be reached or refused.</exception>
    public async Task DelegateAsync(string conversationId, string grant, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"internal/conversations/{Uri.EscapeDataString(conversationId)}/delegation");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _secret);
        request.Content = JsonContent.Create(new { grant, locale = "en-GB" });
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private async Task<ChannelToken?> SendAsync(string path, string bearer, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await http.SendAsync(request, cancellationToken);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<ChannelToken>(cancellationToken);
    }
}
