using System.CommandLine;
using Assistant.Bot.Hosting;
using Assistant.Bot.Understanding;

// `migrate` and `understanding` are commands of their own; without one the process serves. Everything else on the command line is configuration.
if (args is ["migrate" or "understanding", ..])
{
    var root = new RootCommand("SecureBank's assistant.") { MigrateCommand.Build(), UnderstandingCommands.Build() };
    return await root.Parse(args).InvokeAsync();
}

await AssistantHost.Build(args).RunAsync();
return 0;
