using Assistant.Bot.Conversations;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Assistant.Bot.Hosting;

/// <summary>Ready means the journal can be written to.</summary>
internal sealed class DatabaseHealth(NpgsqlDataSource database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.Statement("select count(*) from assistant.conversation where key = 0");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy();
        }
    }
}
