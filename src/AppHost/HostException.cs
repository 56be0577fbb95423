namespace AppHost;

/// <summary>The bank cannot be started or kept running; the message tells a person why and what to do.</summary>
internal sealed class HostException : Exception
{
    /// <summary>The exit code of a failed start.</summary>
    public const int Failed = 1;

    /// <summary>The exit code when another host already runs on the data folder.</summary>
    public const int AlreadyRunning = 2;

    public HostException()
    {
    }

    public HostException(string message)
        : base(message)
    {
    }

    public HostException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public HostException(string message, int exitCode)
        : base(message) => ExitCode = exitCode;

    /// <summary>What the program ends with.</summary>
    public int ExitCode { get; } = Failed;
}
