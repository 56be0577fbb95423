using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Testing;

namespace EndToEnd.DirectLine;

/// <summary>Values of <c>connectionStatus$</c> in <c>botframework-directlinejs</c>.</summary>
internal enum ConnectionStatus
{
    Uninitialized,
    Connecting,
    Online,
    ExpiredToken,
    FailedToConnect,
    Ended,
}

/// <summary>Microsoft's <c>botframework-directlinejs</c> in a Node process of its own, driven by <c>client.mjs</c>.</summary>
internal sealed class NodeClient : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<JsonElement> _seen = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Task _reading;

    private NodeClient(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(), ReadErrorsAsync());
    }

    /// <summary>Everything it said so far, in order.</summary>
    public IReadOnlyList<JsonElement> Seen => [.. _seen];

    /// <summary>The activities it was given, in order, with every repetition.</summary>
    public IReadOnlyList<JsonElement> Activities => [.. Events("activity").Select(seen => seen.GetProperty("activity"))];

    /// <summary>The messages it was given, in order.</summary>
    public IReadOnlyList<JsonElement> Messages => [.. Activities.Where(activity => Text(activity, "type") == "message")];

    /// <summary>Starts Node with a client for one conversation.</summary>
    /// <param name="domain">The address of the channel, ending in <c>/v3/directline</c>.</param>
    /// <param name="token">A token of the conversation.</param>
    /// <param name="webSocket">Whether it listens on the stream or polls.</param>
    /// <param name="reconnectAfter">How long it waits before it connects again.</param>
    public static async Task<NodeClient> StartAsync(Uri domain, string token, bool webSocket = true, TimeSpan reconnectAfter = default)
    {
        var (node, folder) = await NodePackages.EnsureAsync();
        var start = new ProcessStartInfo(node, [Path.Combine(NodePackages.Source, "client.mjs"), folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var client = new NodeClient(Process.Start(start)!);
        client.Tell(new { @do = "start", domain = domain.AbsoluteUri, token, webSocket, reconnectAfterMs = reconnectAfter.TotalMilliseconds });
        return client;
    }

    public void Post(string text, string clientActivityId) => Tell(new { @do = "post", text, clientActivityID = clientActivityId });

    /// <summary>Breaks the socket without a closing handshake.</summary>
    public void Drop() => Tell(new { @do = "drop" });

    public void Refresh() => Tell(new { @do = "refresh" });

    /// <summary>What it said of one kind.</summary>
    public IEnumerable<JsonElement> Events(string kind) => _seen.Where(seen => Text(seen, "event") == kind);

    /// <summary>How often its socket opened.</summary>
    public int SocketsOpened() => Events("socket").Count(seen => Text(seen, "state") == "open");

    /// <summary>Waits until a condition on what it said holds.</summary>
    public Task UntilAsync(Func<bool> condition, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string description = "") => Wait.UntilAsync(
        () => condition() || (_process.HasExited ? throw new InvalidOperationException($"Node ended: {string.Join('\n', _errors)}") : false),
        TimeSpan.FromSeconds(60),
        description);

    public Task UntilStatusAsync(ConnectionStatus status) =>
        UntilAsync(() => Events("status").LastOrDefault() is { ValueKind: JsonValueKind.Object } last && last.GetProperty("status").GetInt32() == (int)status, $"status {status}");

    /// <summary>A text member, or null.</summary>
    public static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The id by which a client knows its own message again, or null.</summary>
    public static string? ClientActivityId(JsonElement activity) => activity.TryGetProperty("channelData", out var data) ? Text(data, "clientActivityID") : null;

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }

        await _reading;
        _process.Dispose();
    }

    private void Tell(object command)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(command));
        _process.StandardInput.Flush();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _seen.Enqueue(JsonSerializer.Deserialize<JsonElement>(line));
        }
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _errors.Enqueue(line);
        }
    }
}
