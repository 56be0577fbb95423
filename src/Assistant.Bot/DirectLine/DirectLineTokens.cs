using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Assistant.Bot.DirectLine;

/// <summary>What a token says: one conversation and one user id, until an instant.</summary>
internal sealed record DirectLineClaims(string ConversationId, string UserId, long ExpiresAtUnixSeconds);

/// <summary>
/// Tokens of the channel: claims under an HMAC-SHA256 whose key is derived from the channel secret (HKDF, RFC 5869), so any process
/// can check one without asking, and a new secret ends all of them. That a conversation has ended is looked up on each use.
/// </summary>
internal sealed class DirectLineTokens(string secret, TimeProvider clock)
{
    public const int LifetimeSeconds = 1800;

    private const string Prefix = "sbdl.";

    private readonly byte[] _secretHash = SHA256.HashData(Encoding.UTF8.GetBytes(secret));
    private readonly byte[] _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, info: "securebank direct line token v1"u8.ToArray());

    public string Issue(string conversationId, string userId)
    {
        var claims = new DirectLineClaims(conversationId, userId, clock.GetUtcNow().ToUnixTimeSeconds() + LifetimeSeconds);
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims));
        return $"{Prefix}{payload}.{Base64Url.EncodeToString(Sign(payload))}";
    }

    /// <summary>The claims of a token that is ours and not expired.</summary>
    public bool TryRead(string token, out DirectLineClaims claims)
    {
        claims = null!;
        if (!token.StartsWith(Prefix, StringComparison.Ordinal) || token.Length > 1024)
        {
            return false;
        }

        var parts = token[Prefix.Length..].Split('.');
        Span<byte> signature = stackalloc byte[32];
        if (parts.Length != 2
            || parts[1].Length != 43
            || !Base64Url.IsValid(parts[1])
            || !Base64Url.TryDecodeFromChars(parts[1], signature, out var length)
            || length != 32
            || !CryptographicOperations.FixedTimeEquals(signature, Sign(parts[0])))
        {
            return false;
        }

        claims = JsonSerializer.Deserialize<DirectLineClaims>(Base64Url.DecodeFromChars(parts[0]))!;
        return claims.ExpiresAtUnixSeconds > clock.GetUtcNow().ToUnixTimeSeconds();
    }

    /// <summary>Whether <paramref name="candidate"/> is the channel secret, in constant time.</summary>
    public bool IsSecret(string candidate) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(candidate)), _secretHash);

    private byte[] Sign(string payload) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(payload));
}
