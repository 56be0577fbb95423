using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AppHost.Bank;

/// <summary>The four ports of a bank: the pages, the API, the assistant and the database, one after the other.</summary>
/// <param name="Web">The base port.</param>
internal sealed record Ports(int Web)
{
    public const int Default = 5080;

    // A bank that was just killed needs a moment to let go of its ports.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public int Api => Web + 1;

    public int Bot => Web + 2;

    public int Postgres => Web + 3;

    public static Uri Address(int port) => new($"http://localhost:{port}");

    /// <summary>Makes sure that nothing listens on any of them.</summary>
    /// <exception cref="HostException">One is taken, or is not a port.</exception>
    public async Task RequireFreeAsync(CancellationToken cancellationToken)
    {
        if (Web < 1 || Postgres > IPEndPoint.MaxPort)
        {
            throw new HostException($"--port {Web} is out of range: the bank takes four ports from there on, between 1 and {IPEndPoint.MaxPort}.");
        }

        var clock = Stopwatch.StartNew();
        while (Taken() is { } taken)
        {
            if (clock.Elapsed > Patience)
            {
                throw new HostException($"Port {taken.Port} is in use, and {taken.Use} needs it: stop what listens there, or choose another base port with --port (the bank takes four from there on).");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    private (int Port, string Use)? Taken()
    {
        var uses = new[] { (Web, "the web pages"), (Api, "the bank's API"), (Bot, "the assistant"), (Postgres, "the database") };
        foreach (var (port, use) in uses)
        {
            if (!CanListen(IPAddress.Loopback, port) || !CanListen(IPAddress.IPv6Loopback, port))
            {
                return (port, use);
            }
        }

        return null;
    }

    private static bool CanListen(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            return true;
        }
        catch (SocketException e)
        {
            // A machine without IPv6 has nobody listening there either.
            return e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;
        }
    }
}
