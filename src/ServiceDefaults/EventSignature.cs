using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SecureBank.ServiceDefaults;

/// <summary>
/// Signs and checks events between our processes in the form of Standard Webhooks 1.0: headers <c>webhook-id</c>,
/// <c>webhook-timestamp</c> (Unix seconds) and <c>webhook-signature</c> (<c>v1,</c> + base64 of HMAC-SHA256 over <c>id.timestamp.body</c>).
/// </summary>
public sealed class EventSignature(byte[] secret, TimeProvider clock)
{
    /// <summary>Header with the event's id, the same on every delivery attempt.</summary>
    public const string IdHeader = "webhook-id";

    /// <summary>Header with the moment of this attempt.</summary>
    public const string TimestampHeader = "webhook-timestamp";

    /// <summary>Header with one or more space-separated signatures.</summary>
    public const string SignatureHeader = "webhook-signature";

    /// <summary>How far the sender's clock may be from ours; older deliveries are refused as replays.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>The timestamp and signature headers for a delivery made now.</summary>
    public (string Timestamp, string Signature) Sign(string id, ReadOnlySpan<byte> body)
    {
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return (timestamp, "v1," + Convert.ToBase64String(Compute(id, timestamp, body)));
    }

    /// <summary>Whether a delivery is ours, unaltered and recent.</summary>
    public bool Verify(string? id, string? timestamp, string? signatures, ReadOnlySpan<byte> body)
    {
        if (string.IsNullOrEmpty(id) || string.IsNullOrEmpty(signatures)
            || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > 253_402_300_799
            || (clock.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Tolerance)
        {
            return false;
        }

        var expected = Compute(id, timestamp, body);
        var given = new byte[expected.Length];
        foreach (var signature in signatures.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (signature.StartsWith("v1,", StringComparison.Ordinal)
                && Convert.TryFromBase64String(signature[3..], given, out var length)
                && CryptographicOperations.FixedTimeEquals(expected, given.AsSpan(0, length)))
            {
                return true;
            }
        }

        return false;
    }

    private byte[] Compute(string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}
