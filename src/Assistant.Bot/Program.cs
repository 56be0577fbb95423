using System.CommandLine;
using Assistant.Bot.Hosting;

// `migrate` is a command of its own; without one the process serves. Everything else on the command line is configuration.
if (args is ["migrate", ..])
{
    var root = new RootCommand("SecureBank's assistant.") { MigrateCommand.Build() };
    return await root.Parse(args).InvokeAsync();
}

await AssistantHost.Build(args).RunAsync();
return 0;
