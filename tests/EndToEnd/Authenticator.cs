using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Testing;

namespace EndToEnd;

/// <summary>
/// A demo user's authenticator app (RFC 6238: HMAC-SHA-1, 30 s, 6 digits), written independently of the bank's. It gives each code once, as the bank
/// accepts it once, and lets callers wait for the next one.
/// </summary>
public sealed class Authenticator(string base32Secret) : IDisposable
{
    private const int StepSeconds = 30;

    private static readonly TimeSpan NextStepTimeout = TimeSpan.FromSeconds(StepSeconds + 15);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _lastStep;

    /// <summary>A code nobody was given before, for a user who does one thing at a time.</summary>
    public async Task<string> NextCodeAsync()
    {
        var code = string.Empty;
        await UseNextCodeAsync(next =>
        {
            code = next;
            return Task.CompletedTask;
        });
        return code;
    }

    /// <summary>
    /// Hands out a code nobody was given before, and no other until <paramref name="use"/> is through with it: the bank takes no code older
    /// than the last one it took, so journeys of one user must not overtake each other.
    /// </summary>
    public async Task UseNextCodeAsync(Func<string, Task> use)
    {
        await _turn.WaitAsync();
        try
        {
            // The bank accepts the code of the step to come as well (RFC 6238 section 5.2), which saves a wait.
            await Wait.UntilAsync(() => CurrentStep() + 1 > _lastStep, NextStepTimeout, "the authenticator shows another code");
            _lastStep = Math.Max(_lastStep + 1, CurrentStep());
            await use(Code(_lastStep));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private static long CurrentStep() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / StepSeconds;

    private string Code(long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // What RFC 6238 and every authenticator app use.
        var mac = HMACSHA1.HashData(FromBase32(base32Secret), counter);
#pragma warning restore CA5350
        var offset = mac[^1] & 0x0f;
        var number = BinaryPrimitives.ReadUInt32BigEndian(mac.AsSpan(offset, 4)) & 0x7fff_ffff;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] FromBase32(string text)
    {
        var bits = string.Concat(text.TrimEnd('=').ToUpperInvariant()
            .Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }
}
