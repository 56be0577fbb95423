using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace AppHost.Demo;

/// <summary>Time-based one-time passwords by RFC 6238: HMAC-SHA-1, steps of 30 seconds, 6 digits.</summary>
internal static class Totp
{
    private const int StepSeconds = 30;
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The code of an authenticator at an instant.</summary>
    /// <param name="base32Secret">The shared secret (RFC 4648 base32; case, spaces and padding do not matter).</param>
    /// <param name="instant">When.</param>
    /// <exception cref="FormatException">The secret is not base32.</exception>
    public static string Code(string base32Secret, DateTimeOffset instant)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, instant.ToUnixTimeSeconds() / StepSeconds);
#pragma warning disable CA5350 // HMAC-SHA-1 is what RFC 6238 and every authenticator app use; its use as a MAC is not broken.
        var mac = HMACSHA1.HashData(Decode(base32Secret), counter);
#pragma warning restore CA5350

        // Dynamic truncation, RFC 4226 section 5.3.
        var truncated = BinaryPrimitives.ReadInt32BigEndian(mac.AsSpan(mac[^1] & 0x0f)) & 0x7fff_ffff;
        return (truncated % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] Decode(string base32)
    {
        var bytes = new List<byte>(base32.Length);
        var (buffer, bits) = (0, 0);
        foreach (var character in base32.ToUpperInvariant().Where(c => c is not (' ' or '=')))
        {
            var value = Base32Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
            {
                throw new FormatException($"'{character}' is not a base32 character.");
            }

            buffer = ((buffer & 0xff) << 5) | value;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes.Add((byte)((buffer >> bits) & 0xff));
            }
        }

        return [.. bytes];
    }
}
