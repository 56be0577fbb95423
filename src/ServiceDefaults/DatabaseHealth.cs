using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace SecureBank.ServiceDefaults;

/// <summary>Readiness of a process that cannot work without its database.</summary>
public static class DatabaseHealth
{
    /// <summary>Ready means: the process's own role can read <paramref name="table"/>, so the database is there, migrated, and open to it.</summary>
    /// <param name="builder">The process's health checks.</param>
    /// <param name="table">A table of this process, schema-qualified.</param>
    public static IHealthChecksBuilder AddDatabase(this IHealthChecksBuilder builder, string table)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            "database",
            services => new TableIsReadable(services.GetRequiredService<NpgsqlDataSource>(), table),
            failureStatus: null,
            tags: null,
            timeout: TimeSpan.FromSeconds(5)));
    }

    private sealed class TableIsReadable(NpgsqlDataSource database, string table) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
#pragma warning disable CA2100 // The table's name is a constant of the process.
                await using var command = database.CreateCommand($"select from {table} limit 1");
#pragma warning restore CA2100
                await command.ExecuteScalarAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
            {
                return HealthCheckResult.Unhealthy("The database does not answer.", fault);
            }
        }
    }
}
