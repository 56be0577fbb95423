using AppHost.Postgres;
using AppHost.Processes;

namespace AppHost.Bank;

/// <summary>What the processes of a bank are configured from.</summary>
internal sealed record BankContext(DataFolder Data, Secrets Secrets, PostgresCluster Cluster, Ports Ports)
{
    /// <summary>The connection string of a role to its database.</summary>
    public string ConnectionString(DatabaseLayout database, string role) => Cluster.ConnectionString(database.Name, role, Secrets.Role(role));
}

/// <summary>A step that runs to its end before the bank opens.</summary>
/// <param name="Title">Tells a person what is going on.</param>
/// <param name="Process">The process; exit code 0 is success.</param>
internal sealed record Preparation(string Title, ChildProcessStart Process);

/// <summary>A process that serves.</summary>
/// <param name="Process">How it is started.</param>
/// <param name="Title">What it is to a person.</param>
/// <param name="Address">Where it answers; <c>/health/ready</c> below it says 200 when it is ready.</param>
internal sealed record Service(ChildProcessStart Process, string Title, Uri Address);

/// <summary>The processes of a bank in the order they are started; they are stopped in reverse.</summary>
internal sealed record BankProcesses(IReadOnlyList<Preparation> Preparations, IReadOnlyList<Service> Services)
{
    private const string Api = "Banking.Api";
    private const string Bot = "Assistant.Bot";
    private const string Web = "Bank.Web";

    /// <summary>The API, the assistant and the pages, each with its own least-privileged credentials.</summary>
    public static BankProcesses Describe(BankContext context)
    {
        var (bank, assistant) = (DatabaseLayout.Bank, DatabaseLayout.Assistant);
        var (api, bot, web) = (Ports.Address(context.Ports.Api), Ports.Address(context.Ports.Bot), Ports.Address(context.Ports.Web));

        var apiSettings = Settings(api, new()
        {
            ["ConnectionStrings__Bank"] = context.ConnectionString(bank, bank.App),
            ["Clients__web__Secret"] = context.Secrets[Secrets.WebClient],
            ["Clients__assistant__Secret"] = context.Secrets[Secrets.AssistantClient],
            ["Encryption__MasterKey"] = context.Secrets[Secrets.BankMasterKey],
            ["Events__Endpoints__assistant"] = new Uri(bot, "events").AbsoluteUri,
            ["Events__SigningSecret"] = context.Secrets[Secrets.EventSigning],
            ["Passkeys__RelyingPartyId"] = "localhost",
            ["Passkeys__Origins__0"] = Origin(web),
            ["Fraud__Models"] = Path.Combine(Repository.Root, "models", "fraud"),
        });
        var botSettings = Settings(bot, AssistantSettingsOfUser());
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ConnectionStrings__Assistant"] = context.ConnectionString(assistant, assistant.App),
            ["BankingApi__BaseAddress"] = Origin(api),
            ["BankingApi__ClientSecret"] = context.Secrets[Secrets.AssistantClient],
            ["DirectLine__Secret"] = context.Secrets[Secrets.DirectLine],
            ["Events__SigningSecret"] = context.Secrets[Secrets.EventSigning],
            ["Encryption__MasterKey"] = context.Secrets[Secrets.AssistantMasterKey],
            ["Understanding__Model"] = Path.Combine(Repository.Root, "models", "understanding"),
            ["Bank__WebBaseAddress"] = Origin(web),
        })
        {
            botSettings[name] = value;
        }

        var webSchema = bank.Schemas.Single(schema => schema.Name == "web");
        var webSettings = Settings(web, new()
        {
            ["ConnectionStrings__Web"] = context.ConnectionString(bank, webSchema.App),
            ["BankingApi__BaseAddress"] = Origin(api),
            ["BankingApi__ClientSecret"] = context.Secrets[Secrets.WebClient],
            ["Assistant__BaseAddress"] = Origin(bot),
            ["Assistant__DirectLineSecret"] = context.Secrets[Secrets.DirectLine],
            ["Encryption__MasterKey"] = context.Secrets[Secrets.WebMasterKey],
        });

        return new BankProcesses(
            [
                Migrate(Api, "Migrating the bank's database", "ConnectionStrings__BankOwner", context.ConnectionString(bank, bank.Owner)),
                Migrate(Bot, "Migrating the assistant's database", "ConnectionStrings__AssistantOwner", context.ConnectionString(assistant, assistant.Owner)),
                Migrate(Web, "Migrating the pages' tables", "ConnectionStrings__WebOwner", context.ConnectionString(bank, webSchema.Owner)),
                new Preparation("Opening the demo bank", Start(Api, Api + ".seed-demo", ["seed-demo", "--logins", context.Data.DemoLoginsFile], apiSettings)),
            ],
            [
                new Service(Start(Api, Api, [], apiSettings), "Bank API", api),
                new Service(Start(Bot, Bot, [], botSettings), "Assistant", bot),
                new Service(Start(Web, Web, [], webSettings), "Web pages", web),
            ]);
    }

    // An owner's credential goes to the migration alone, never to the process that serves requests.
    private static Preparation Migrate(string project, string title, string ownerSetting, string ownerConnectionString) =>
        new(title, Start(project, project + ".migrate", ["migrate"], new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Supervisor__Stdin"] = "true",
            [ownerSetting] = ownerConnectionString,
        }));

    private static ChildProcessStart Start(string project, string name, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> settings) =>
        new(name, Repository.AssemblyOf(project), arguments, Repository.WorkingFolderOf(project), settings);

    private static Dictionary<string, string> Settings(Uri address, Dictionary<string, string> own) => new(own)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["ASPNETCORE_URLS"] = Origin(address),
        ["Supervisor__Stdin"] = "true",
    };

    // A language model of the user's own choice (Assistant__Model__Endpoint and so on) is for the assistant alone.
    private static Dictionary<string, string> AssistantSettingsOfUser() =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("Assistant__", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");

    private static string Origin(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
