using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banking.Api.Authorizations;

/// <summary>
/// The WebAuthn challenge of an approval: not merely random, but computed from what is approved, so that the authenticator's signature
/// itself covers it (PSD2 RTS article 5, dynamic linking). It is computed anew from the details at the moment of approval;
/// a signature over any other details does not verify.
/// </summary>
/// <remarks>
/// Identity has no parameter for a challenge, so it is put into both JSON texts it makes. The options' form is WebAuthn's; the state's
/// (<c>challenge</c> in standard base64, <c>userId</c>) is not documented, and a test pins it.
/// </remarks>
internal static class BoundChallenge
{
    private const string Member = "challenge";

    /// <summary>SHA-256(label, ceremony, user, SHA-256 of the details, nonce); all parts have fixed lengths.</summary>
    public static byte[] Derive(Guid ceremonyId, Guid userId, ReadOnlySpan<byte> detailsHash, ReadOnlySpan<byte> nonce)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("securebank approval v1"u8);
        hash.AppendData(ceremonyId.ToByteArray(bigEndian: true));
        hash.AppendData(userId.ToByteArray(bigEndian: true));
        hash.AppendData(detailsHash);
        hash.AppendData(nonce);
        return hash.GetHashAndReset();
    }

    /// <summary>Binds freshly made options: gives the options with the bound challenge, and the state to store, from which the challenge is left out.</summary>
    public static (string OptionsJson, string StoredState) Bind(string optionsJson, string assertionState, Guid ceremonyId, Guid userId, ReadOnlySpan<byte> detailsHash)
    {
        var options = JsonNode.Parse(optionsJson)!.AsObject();
        var state = JsonNode.Parse(assertionState)!.AsObject();
        var nonce = Base64Url.DecodeFromChars(options[Member]!.GetValue<string>());
        if (!Convert.FromBase64String(state[Member]!.GetValue<string>()).AsSpan().SequenceEqual(nonce))
        {
            throw new InvalidOperationException("The framework's assertion state no longer holds the challenge of its options.");
        }

        options[Member] = Base64Url.EncodeToString(Derive(ceremonyId, userId, detailsHash, nonce));
        state.Remove(Member);
        return (options.ToJsonString(JsonSerializerOptions.Web), new JsonObject { ["state"] = state, ["nonce"] = Base64Url.EncodeToString(nonce) }.ToJsonString(JsonSerializerOptions.Web));
    }

    /// <summary>The assertion state for details as they are now.</summary>
    public static string Restore(string storedState, Guid ceremonyId, Guid userId, ReadOnlySpan<byte> detailsHash)
    {
        var stored = JsonNode.Parse(storedState)!.AsObject();
        var state = stored["state"]!.DeepClone().AsObject();
        var nonce = Base64Url.DecodeFromChars(stored["nonce"]!.GetValue<string>());
        state[Member] = Convert.ToBase64String(Derive(ceremonyId, userId, detailsHash, nonce));
        return state.ToJsonString(JsonSerializerOptions.Web);
    }
}
