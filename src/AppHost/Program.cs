using System.CommandLine;
using AppHost;
using AppHost.Bank;
using AppHost.Demo;
using AppHost.Postgres;
using Spectre.Console;

var data = new Option<string>("--data") { Description = "The folder that holds this bank: database, secrets, logs.", HelpName = "DIR", DefaultValueFactory = _ => DataFolder.Default, Recursive = true };
var port = new Option<int>("--port") { Description = "The base port: pages there, then the API, the assistant and the database.", HelpName = "N", DefaultValueFactory = _ => Ports.Default };
var noBrowser = new Option<bool>("--no-browser") { Description = "Do not open the browser." };
var reset = new Option<bool>("--reset") { Description = "Delete everything in the data folder first, and begin with a new bank." };

var user = new Argument<string>("user") { Description = "A demo user, as the table of logins names it." };
var totp = new Command("totp", "Prints a demo user's current sign-in code.") { Arguments = { user } };
totp.SetAction(async (parsed, cancellationToken) =>
{
    try
    {
        await PrintTotp.RunAsync(parsed.GetRequiredValue(user), parsed.GetRequiredValue(data), TimeProvider.System, Console.Out, cancellationToken);
        return 0;
    }
    catch (HostException e)
    {
        await Console.Error.WriteLineAsync(e.Message);
        return e.ExitCode;
    }
});

var folder = new Argument<string>("folder");
var watch = new Command(PostgresWatchdog.CommandName) { Hidden = true, Arguments = { folder } };
watch.SetAction((parsed, _) => PostgresWatchdog.WatchAsync(parsed.GetRequiredValue(folder)));

var root = new RootCommand("Runs the bank on this machine: a private PostgreSQL, the API, the assistant and the web pages.")
{
    Options = { data, port, noBrowser, reset },
    Subcommands = { totp, watch },
};
root.SetAction((parsed, cancellationToken) => new RunBank(BankProcesses.Describe, new Screen(AnsiConsole.Console)).RunAsync(
    new RunOptions(parsed.GetRequiredValue(data), parsed.GetRequiredValue(port), OpenBrowser: !parsed.GetValue(noBrowser), Reset: parsed.GetValue(reset)),
    cancellationToken));

// The run command handles signals itself: it has processes to stop in order.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
