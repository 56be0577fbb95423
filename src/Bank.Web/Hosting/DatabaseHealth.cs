using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Bank.Web.Hosting;

/// <summary>Ready means: the session table can be read, so signed-in customers are recognised.</summary>
internal sealed class DatabaseHealth(NpgsqlDataSource database) : IHealthCheck
{
    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("select 1 from web.session limit 1");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException fault)
        {
            return HealthCheckResult.Unhealthy(exception: fault);
        }
    }
}
