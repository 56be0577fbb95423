using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Banking.Api.OpenApi;

/// <summary>
/// <c>openapi FILE [--allow-breaking]</c>: writes the description of the API as built. What would break callers of the file that is there is
/// refused and named; the switch is for the day on which that is decided.
/// </summary>
internal static class WriteDocumentCommand
{
    public static async Task<int> RunAsync(string[] args, TextWriter output, CancellationToken cancellationToken = default)
    {
        if (args.FirstOrDefault(arg => !arg.StartsWith('-')) is not { } file)
        {
            await output.WriteLineAsync("openapi needs the FILE to write.");
            return 2;
        }

        await using var app = BankingApi.Build(["--environment=Development"], Configure);
        await app.StartAsync(cancellationToken);
        var text = await ApiDocument.WriteAsync(app.Services, cancellationToken);
        await app.StopAsync(cancellationToken);

        if (File.Exists(file) && !args.Contains("--allow-breaking", StringComparer.Ordinal))
        {
            var breaches = BreakingChanges.Find(JsonNode.Parse(await File.ReadAllTextAsync(file, cancellationToken))!, JsonNode.Parse(text)!);
            if (breaches.Count > 0)
            {
                await output.WriteLineAsync($"{file} is left as it is; callers of it would break:\n- {string.Join("\n- ", breaches)}");
                return 1;
            }
        }

        await File.WriteAllTextAsync(file, text, cancellationToken);
        await output.WriteLineAsync($"{file} is written.");
        return 0;
    }

    // Nothing is served: the description needs the routes, not the database behind them.
    private static void Configure(WebApplicationBuilder builder)
    {
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Audit:Sealing"] = "false",
            ["Logging:LogLevel:Default"] = "Error",
            ["ConnectionStrings:Bank"] = "Host=127.0.0.1;Port=1;Database=none",
            ["Encryption:MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Clients:web:Secret"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            ["Clients:assistant:Secret"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        });
    }
}
