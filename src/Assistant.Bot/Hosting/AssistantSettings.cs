using SecureBank.ServiceDefaults;

namespace Assistant.Bot.Hosting;

/// <summary>An external model: where it is, what opens it and what it is called.</summary>
internal sealed record ModelSettings(Uri Endpoint, string ApiKey, string Name);

/// <summary>The configuration of this process, read and checked as a whole before anything is served.</summary>
internal sealed record AssistantSettings
{
    /// <summary>The <c>assistant</c> database, as the role without DDL.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The bank's API.</summary>
    public required Uri BankingApi { get; init; }

    /// <summary>This process's own credential at the API; it opens no customer's data.</summary>
    public required string BankingApiClientSecret { get; init; }

    /// <summary>Opens the channel for our own web server.</summary>
    public required string DirectLineSecret { get; init; }

    /// <summary>Checks the bank's events.</summary>
    public required byte[] EventsSigningSecret { get; init; }

    /// <summary>Encrypts what was said.</summary>
    public required byte[] EncryptionMasterKey { get; init; }

    /// <summary>The customer's pages, without a trailing slash: where payments are approved and payees added.</summary>
    public required string WebBaseAddress { get; init; }

    /// <summary>Origins whose pages may open a stream.</summary>
    public required IReadOnlyList<string> AllowedOrigins { get; init; }

    /// <summary>The bank's time zone, in which "today" is meant.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>Null: the embedded planner answers.</summary>
    public ModelSettings? Model { get; init; }

    /// <summary>Reads everything and reports every fault at once.</summary>
    /// <exception cref="InvalidOperationException">Something is missing or malformed; the message lists all of it.</exception>
    public static AssistantSettings Read(IConfiguration configuration)
    {
        var faults = new List<string>();
        var web = Take(() => Address(configuration, "Bank:WebBaseAddress"));
        var settings = new AssistantSettings
        {
            ConnectionString = Take(() => configuration.Require("ConnectionStrings:Assistant"))!,
            BankingApi = Take(() => Address(configuration, "BankingApi:BaseAddress"))!,
            BankingApiClientSecret = Take(() => configuration.Require("BankingApi:ClientSecret"))!,
            DirectLineSecret = Take(() => Long(configuration, "DirectLine:Secret"))!,
            EventsSigningSecret = Take(() => configuration.RequireSecret("Events:SigningSecret"))!,
            EncryptionMasterKey = Take(() => configuration.RequireSecret("Encryption:MasterKey"))!,
            WebBaseAddress = web?.AbsoluteUri.TrimEnd('/')!,
            AllowedOrigins = [.. web is null ? [] : (string[])[web.GetLeftPart(UriPartial.Authority)], .. configuration.GetSection("DirectLine:AllowedOrigins").Get<string[]>() ?? []],
            TimeZone = Take(() => TimeZoneInfo.FindSystemTimeZoneById(configuration["Bank:TimeZone"] ?? "Europe/London"))!,
            Model = string.IsNullOrEmpty(configuration["Assistant:Model:Endpoint"])
                ? null
                : Take(() => new ModelSettings(
                    Address(configuration, "Assistant:Model:Endpoint"),
                    configuration.Require("Assistant:Model:ApiKey"),
                    configuration.Require("Assistant:Model:Name"))),
        };
        return faults.Count == 0 ? settings : throw new InvalidOperationException("The assistant cannot start:" + string.Concat(faults.Select(fault => $"\n- {fault}")));

        T? Take<T>(Func<T> read)
            where T : class
        {
            try
            {
                return read();
            }
            catch (Exception fault) when (fault is InvalidOperationException or TimeZoneNotFoundException)
            {
                faults.Add(fault.Message);
                return null;
            }
        }
    }

    private static Uri Address(IConfiguration configuration, string key) =>
        Uri.TryCreate(configuration.Require(key), UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            ? address
            : throw new InvalidOperationException($"Setting '{key}' is not an absolute http(s) address.");

    private static string Long(IConfiguration configuration, string key) =>
        configuration.Require(key) is { Length: >= 32 } value ? value : throw new InvalidOperationException($"Setting '{key}' has fewer than 32 characters.");
}
