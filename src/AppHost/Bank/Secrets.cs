using System.Security.Cryptography;
using System.Text.Json;
using AppHost.Postgres;

namespace AppHost.Bank;

/// <summary>
/// The passwords and keys of one bank on this machine: generated at its first start, kept in a file only its owner
/// can read. A name that is missing (a newer version needs one more) is generated; nothing present is replaced.
/// </summary>
internal sealed class Secrets
{
    public const string PostgresSuperuser = "postgres";
    public const string WebClient = "client:web";
    public const string AssistantClient = "client:assistant";
    public const string DirectLine = "direct-line";
    public const string EventSigning = "event-signing-key";
    public const string BankMasterKey = "master-key:bank";
    public const string AssistantMasterKey = "master-key:assistant";
    public const string WebMasterKey = "master-key:web";

    private const int SizeBytes = 32;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Dictionary<string, string> _values;

    private Secrets(Dictionary<string, string> values) => _values = values;

    /// <summary>The roles of all databases with their passwords.</summary>
    public IEnumerable<DatabaseRole> Roles => RoleNames.Select(role => new DatabaseRole(role, Role(role)));

    private static IEnumerable<string> RoleNames => DatabaseLayout.All.SelectMany(layout => layout.Roles);

    public string this[string name] => _values[name];

    /// <summary>The password of a database role.</summary>
    public string Role(string name) => _values["role:" + name];

    /// <summary>Reads the secrets, generates those that are missing, and writes them back.</summary>
    /// <exception cref="HostException">The file is there and cannot be read.</exception>
    public static async Task<Secrets> LoadAsync(string file, CancellationToken cancellationToken)
    {
        var values = await ReadAsync(file, cancellationToken);
        var known = values.Count;
        foreach (var name in RoleNames.Select(role => "role:" + role).Concat([PostgresSuperuser, WebClient, AssistantClient, DirectLine]))
        {
            values.TryAdd(name, RandomNumberGenerator.GetHexString(2 * SizeBytes, lowercase: true));
        }

        foreach (var name in new[] { EventSigning, BankMasterKey, AssistantMasterKey, WebMasterKey })
        {
            values.TryAdd(name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(SizeBytes)));
        }

        if (values.Count != known)
        {
            await PrivateFile.WriteAsync(file, JsonSerializer.Serialize(values, Indented) + "\n", cancellationToken);
        }

        return new Secrets(values);
    }

    private static async Task<Dictionary<string, string>> ReadAsync(string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(file, cancellationToken)) ?? [];
        }
        catch (JsonException e)
        {
            // Generating new ones would lock the database and make encrypted data unreadable for good.
            throw new HostException($"{file} is damaged ({e.Message}): restore it, or start over with --reset.", e);
        }
    }
}
