using SecureBank.ServiceDefaults;

namespace Bank.Web.Hosting;

/// <summary><c>migrate</c>: brings the schema <c>web</c> up to date as its owner, then ends.</summary>
internal static class MigrateCommand
{
    /// <summary>Uses <c>ConnectionStrings:WebOwner</c>; what it creates is granted to <c>Database:WebRole</c> (<c>web_app</c> unless set).</summary>
    public static async Task<int> RunAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var migrator = new SqlMigrator(
            typeof(MigrateCommand).Assembly,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["app_role"] = configuration["Database:WebRole"] ?? "web_app" },
            TimeProvider.System);
        var applied = await migrator.MigrateAsync(configuration.Require("ConnectionStrings:WebOwner"), historySchema: "web", cancellationToken);
        foreach (var name in applied)
        {
            Console.WriteLine($"Applied {name}");
        }

        return 0;
    }
}
