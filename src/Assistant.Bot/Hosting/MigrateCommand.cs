using System.CommandLine;
using Assistant.Bot.Migrations;
using SecureBank.ServiceDefaults;

namespace Assistant.Bot.Hosting;

/// <summary><c>migrate</c>: brings the assistant's database up to date, as its owner.</summary>
internal static class MigrateCommand
{
    public static Command Build()
    {
        var command = new Command("migrate", "Brings the assistant's database up to date (ConnectionStrings:AssistantOwner).");
        command.SetAction(async (_, cancellationToken) =>
        {
            var configuration = new ConfigurationBuilder().AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().Build();
            var applied = await AssistantSchema.MigrateAsync(configuration.Require("ConnectionStrings:AssistantOwner"), TimeProvider.System, configuration["Database:AppRole"], cancellationToken);
            await Console.Out.WriteLineAsync(applied.Count == 0 ? "The database is up to date." : $"Applied {string.Join(", ", applied)}.");
            return 0;
        });
        return command;
    }
}
