using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Banking.Client;

namespace PaymentsBench;

/// <summary>What one slice of load saw.</summary>
internal sealed class LoadResult
{
    public List<double> LatenciesMs { get; } = [];

    public int Fresh { get; set; }

    public int Held { get; set; }

    public int Replayed { get; set; }

    /// <summary>Answers that are neither a first success nor a faithful replay.</summary>
    public int Wrong { get; set; }

    public string? FirstWrong { get; set; }

    public double Seconds { get; set; }

    public double PerSecond => Fresh / Seconds;

    /// <summary>Both together.</summary>
    public LoadResult With(LoadResult other)
    {
        var sum = new LoadResult
        {
            Fresh = Fresh + other.Fresh,
            Held = Held + other.Held,
            Replayed = Replayed + other.Replayed,
            Wrong = Wrong + other.Wrong,
            FirstWrong = FirstWrong ?? other.FirstWrong,
            Seconds = Seconds + other.Seconds,
        };
        sum.LatenciesMs.AddRange(LatenciesMs);
        sum.LatenciesMs.AddRange(other.LatenciesMs);
        return sum;
    }
}

/// <summary>Keep-alive HTTP/1.1 connections that execute payments as fast as they are answered; one request in ten repeats an earlier one under its key.</summary>
internal static class HttpLoad
{
    private const double ReplayShare = 0.1;

    public static async Task<LoadResult> RunAsync(BenchBank bank, IReadOnlyList<ReadyPayment> payments, int connections, double seconds)
    {
        var next = -1;
        var clock = Stopwatch.StartNew();
        var results = await Task.WhenAll(Enumerable.Range(0, connections).Select(connection => Task.Run(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, bank.Port);
            var random = new Random(connection);
            var result = new LoadResult();
            var buffer = new byte[16 * 1024];
            (byte[] Request, byte[] Answer)? earlier = null;
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var replay = earlier is not null && random.NextDouble() < ReplayShare;
                byte[] request;
                if (replay)
                {
                    request = earlier!.Value.Request;
                }
                else
                {
                    var index = Interlocked.Increment(ref next);
                    if (index >= payments.Count)
                    {
                        break;
                    }

                    request = Request(bank, payments[index]);
                }

                var started = Stopwatch.GetTimestamp();
                await socket.SendAsync(request);
                var (status, replayed, body) = await ReadAsync(socket, buffer);
                if (status == 200 && replay && replayed && body.Span.SequenceEqual(earlier!.Value.Answer))
                {
                    result.Replayed++;
                }
                else if (status == 200 && !replay && !replayed)
                {
                    result.LatenciesMs.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                    result.Fresh++;
                    result.Held += body.Span.IndexOf("\"state\":\"held\""u8) >= 0 ? 1 : 0;
                    earlier = (request, body.ToArray());
                }
                else
                {
                    result.Wrong++;
                    result.FirstWrong ??= $"{status} {Encoding.UTF8.GetString(body.Span)}";
                }
            }

            return result;
        })));

        var total = new LoadResult { Seconds = clock.Elapsed.TotalSeconds };
        foreach (var result in results)
        {
            total.LatenciesMs.AddRange(result.LatenciesMs);
            total.Fresh += result.Fresh;
            total.Held += result.Held;
            total.Replayed += result.Replayed;
            total.Wrong += result.Wrong;
            total.FirstWrong ??= result.FirstWrong;
        }

        return total;
    }

    private static byte[] Request(BenchBank bank, ReadyPayment payment)
    {
        var id = PublicId.Format(PublicId.Payment, payment.Id);
        return Encoding.ASCII.GetBytes(
            $"POST /v1/payments/{id}/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bank.Tokens[payment.Customer]}\r\nIdempotency-Key: {payment.Id:N}\r\nContent-Length: 0\r\n\r\n");
    }

    private static async ValueTask<(int Status, bool Replayed, ReadOnlyMemory<byte> Body)> ReadAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (received == 0)
            {
                return (0, false, default);
            }

            filled += received;
            var end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                continue;
            }

            var head = Encoding.ASCII.GetString(buffer, 0, end);
            var status = int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture);
            var at = head.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            if (at < 0)
            {
                return (status, false, default);
            }

            var rest = head.AsSpan(at + 16);
            var line = rest.IndexOf('\r');
            var length = int.Parse(line < 0 ? rest : rest[..line], CultureInfo.InvariantCulture);
            while (filled < end + 4 + length)
            {
                received = await socket.ReceiveAsync(buffer.AsMemory(filled));
                if (received == 0)
                {
                    return (0, false, default);
                }

                filled += received;
            }

            return (status, head.Contains("Idempotency-Replayed: true", StringComparison.OrdinalIgnoreCase), buffer.AsMemory(end + 4, length));
        }
    }
}
