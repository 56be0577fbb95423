using System.CommandLine;
using AppHost.Postgres;

var folder = new Argument<string>("folder");
var watch = new Command(PostgresWatchdog.CommandName) { Hidden = true, Arguments = { folder } };
watch.SetAction((parsed, _) => PostgresWatchdog.WatchAsync(parsed.GetRequiredValue(folder)));

var root = new RootCommand("Runs the bank on this machine: a private PostgreSQL, the API, the assistant and the web pages.") { watch };
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
