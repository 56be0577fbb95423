using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Banking.Api.Identity;

/// <summary>
/// Time-based one-time passwords (RFC 6238): HMAC-SHA-1, 6 digits, 30-second steps, what every authenticator app speaks.
/// SHA-1's collisions do not matter for HMAC.
/// </summary>
public static class Totp
{
    /// <summary>What the stored secret is encrypted for.</summary>
    public const string SecretPurpose = "identity.user.totp";

    /// <summary>Length of a secret: the hash's own (RFC 4226 section 4 recommends 160 bits).</summary>
    public const int SecretLength = 20;

    private const int Digits = 6;
    private const int StepSeconds = 30;

    // One step to each side for clocks that are off and people who type slowly (RFC 6238 section 5.2).
    private const int WindowSteps = 1;

    /// <summary>The step an instant lies in.</summary>
    public static long StepAt(DateTimeOffset instant) => instant.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a step.</summary>
    public static string Compute(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6238's default, the only one that authenticator apps share.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var truncated = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0x0f)..]) & int.MaxValue;
        return (truncated % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>The step of a code that is right now and newer than the last one accepted, or null. Looks at every candidate, whatever it finds.</summary>
    public static long? FindStep(ReadOnlySpan<byte> secret, string? code, DateTimeOffset now, long lastStep)
    {
        Span<byte> given = stackalloc byte[Digits];
        if (code is null || code.Length != Digits || !System.Text.Encoding.ASCII.TryGetBytes(code, given, out _))
        {
            return null;
        }

        long? found = null;
        Span<byte> expected = stackalloc byte[Digits];
        for (var step = StepAt(now) - WindowSteps; step <= StepAt(now) + WindowSteps; step++)
        {
            System.Text.Encoding.ASCII.GetBytes(Compute(secret, step), expected);
            if (CryptographicOperations.FixedTimeEquals(given, expected) && step > lastStep)
            {
                found = step;
            }
        }

        return found;
    }
}
