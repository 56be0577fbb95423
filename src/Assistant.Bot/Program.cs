using System.CommandLine;
using Assistant.Bot.Understanding;

if (args is ["understanding", ..])
{
    return await new RootCommand("SecureBank assistant.") { UnderstandingCommands.Build() }.Parse(args).InvokeAsync();
}

var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();
await app.RunAsync();
return 0;
