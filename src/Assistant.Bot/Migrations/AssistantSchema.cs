using SecureBank.ServiceDefaults;

namespace Assistant.Bot.Migrations;

/// <summary>The assistant's database schema.</summary>
public static class AssistantSchema
{
    /// <summary>The role requests are served with; migrations grant it rows, never structure.</summary>
    public const string DefaultAppRole = "assistant_app";

    /// <summary>Applies what is missing, as the owner; returns the names of the files applied now.</summary>
    public static Task<IReadOnlyList<string>> MigrateAsync(string ownerConnectionString, TimeProvider clock, string? appRole = null, CancellationToken cancellationToken = default) =>
        new SqlMigrator(typeof(AssistantSchema).Assembly, new Dictionary<string, string>(StringComparer.Ordinal) { ["app_role"] = appRole ?? DefaultAppRole }, clock)
            .MigrateAsync(ownerConnectionString, cancellationToken: cancellationToken);
}
