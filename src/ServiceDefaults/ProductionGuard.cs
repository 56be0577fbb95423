using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace SecureBank.ServiceDefaults;

/// <summary>
/// Refuses to start an unsafe production configuration, and says everything that is wrong with it at once.
/// Runs before the server listens.
/// </summary>
public sealed class ProductionGuard(IConfiguration configuration, IHostEnvironment environment) : IStartupFilter
{
    /// <summary>All faults of a production configuration; empty when it may start.</summary>
    public static IReadOnlyList<string> FindFaults(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var faults = new List<string>();
        string[] addresses =
        [
            .. (configuration["urls"] ?? configuration["ASPNETCORE_URLS"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries),
            .. (configuration["http_ports"] ?? configuration["ASPNETCORE_HTTP_PORTS"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(port => $"http://*:{port}"),
            .. (configuration["https_ports"] ?? configuration["ASPNETCORE_HTTPS_PORTS"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Select(port => $"https://*:{port}"),
            .. configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>(),
        ];
        faults.AddRange(addresses.Where(IsPlainHttp).Select(address => $"It would serve plain HTTP on {address}."));
        if (addresses.Length == 0)
        {
            faults.Add("It names no address to serve on, and the default is plain HTTP.");
        }

        foreach (var (name, value) in configuration.GetSection("ConnectionStrings").AsEnumerable(makePathsRelative: true))
        {
            if (value is not null && IsUnencryptedAcrossTheNetwork(value))
            {
                faults.Add($"'ConnectionStrings:{name}' crosses the network without 'SSL Mode=VerifyFull'.");
            }
        }

        foreach (var key in (string[])["BankingApi:BaseAddress", "Assistant:BaseAddress", "Bank:WebBaseAddress"])
        {
            if (configuration[key] is { } address && IsPlainHttp(address))
            {
                faults.Add($"'{key}' is plain HTTP.");
            }
        }

        foreach (var endpoint in configuration.GetSection("Events:Endpoints").GetChildren())
        {
            if (endpoint.Value is { } address && IsPlainHttp(address))
            {
                faults.Add($"'{endpoint.Path}' is plain HTTP.");
            }
        }

        if (configuration.GetValue<bool>("Demo:Enabled"))
        {
            faults.Add("Demo data ('Demo:Enabled') belongs to development.");
        }

        if (string.Equals(configuration["DirectLine:Authentication"], "off", StringComparison.OrdinalIgnoreCase))
        {
            faults.Add("Channel authentication is off ('DirectLine:Authentication').");
        }

        foreach (var (key, value) in configuration.AsEnumerable())
        {
            // Only settings of ours end like this; a weak or sample value in any of them is a fault.
            if (value is not null && (key.EndsWith("Secret", StringComparison.OrdinalIgnoreCase) || key.EndsWith("MasterKey", StringComparison.OrdinalIgnoreCase))
                && (value.Length < 32 || value.Contains("changeme", StringComparison.OrdinalIgnoreCase) || value.Distinct().Count() < 8))
            {
                faults.Add($"'{key}' is a default or weak secret.");
            }
        }

        return faults;
    }

    /// <inheritdoc/>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next)
    {
        if (!environment.IsDevelopment() && FindFaults(configuration) is { Count: > 0 } faults)
        {
            throw new InvalidOperationException("The configuration is not safe outside development:" + string.Concat(faults.Select(fault => $"\n- {fault}")));
        }

        return next;
    }

    private static bool IsPlainHttp(string address) => address.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    private static bool IsUnencryptedAcrossTheNetwork(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return settings.SslMode != SslMode.VerifyFull
            && (settings.Host ?? "").Split(',').Any(host => !host.StartsWith('/') && host is not ("localhost" or "127.0.0.1" or "::1" or ""));
    }
}
