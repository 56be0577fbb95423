namespace AppHost.Postgres;

/// <summary>PostgreSQL cannot be had or does not start; the message tells a person why and what to do.</summary>
public sealed class ClusterException : Exception
{
    /// <inheritdoc/>
    public ClusterException()
    {
    }

    /// <inheritdoc/>
    public ClusterException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public ClusterException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
