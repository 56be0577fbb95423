using AppHost.Bank;
using AppHost.Postgres;
using AppHost.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Spectre.Console;

// host DATA PORT [--reset] [--failing-preparation]: the real host with the processes below.
// migrate: makes a table and adds a row to it.  serve: answers until standard input ends.
return args switch
{
    ["host", var data, var port, .. var rest] => await HostAsync(data, int.Parse(port), rest),
    ["migrate", .. var rest] => await MigrateAsync(rest),
    ["serve"] => await ServeAsync(),
    _ => 64,
};

static async Task<int> HostAsync(string data, int port, string[] rest) =>
    await new RunBank(context => Describe(context, rest.Contains("--failing-preparation")), new Screen(AnsiConsole.Console))
        .RunAsync(new RunOptions(data, port, OpenBrowser: false, Reset: rest.Contains("--reset")), CancellationToken.None);

static BankProcesses Describe(BankContext context, bool failing)
{
    var self = System.Reflection.Assembly.GetExecutingAssembly().Location;
    var bank = DatabaseLayout.Bank;

    ChildProcessStart Start(string name, string command, int port, string role) => new(
        name,
        self,
        failing && command == "migrate" ? [command, "--fail"] : [command],
        Path.GetDirectoryName(self)!,
        new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"http://localhost:{port}",
            ["ConnectionStrings__Bank"] = context.ConnectionString(bank, role),
        });

    return new BankProcesses(
        [new Preparation("Migrating", Start("migrate", "migrate", context.Ports.Api, bank.Owner))],
        [
            new Service(Start("fake-api", "serve", context.Ports.Api, bank.App), "API", Ports.Address(context.Ports.Api)),
            new Service(Start("fake-web", "serve", context.Ports.Web, bank.App), "Pages", Ports.Address(context.Ports.Web)),
        ]);
}

static async Task<int> MigrateAsync(string[] rest)
{
    if (rest.Contains("--fail"))
    {
        await Console.Error.WriteLineAsync("migration 7 does not apply");
        return 3;
    }

    await using var connection = await OpenAsync();
    await using var command = new NpgsqlCommand("CREATE TABLE IF NOT EXISTS starts (at int); INSERT INTO starts VALUES (1); GRANT SELECT ON starts TO bank_app", connection);
    await command.ExecuteNonQueryAsync();
    return 0;
}

static async Task<int> ServeAsync()
{
    var builder = WebApplication.CreateSlimBuilder();
    await using var app = builder.Build();
    app.MapGet("/health/ready", async () =>
    {
        await using var connection = await OpenAsync();
        return Results.Ok();
    });
    app.MapGet("/starts", async () =>
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(*)::int FROM starts", connection);
        return (int)(await command.ExecuteScalarAsync())!;
    });
    app.MapGet("/pid", () => Environment.ProcessId);
    app.MapGet("/environment/{name}", (string name) => Environment.GetEnvironmentVariable(name) ?? "");
    app.MapPost("/die/{code:int}", (int code) =>
    {
        Console.Error.WriteLine("the disk is on fire");
        Environment.Exit(code);
    });

    var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
    _ = Task.Run(async () =>
    {
        await Console.OpenStandardInput().CopyToAsync(Stream.Null);
        lifetime.StopApplication();
    });
    await app.RunAsync();
    return 0;
}

static async Task<NpgsqlConnection> OpenAsync()
{
    var connection = new NpgsqlConnection(Environment.GetEnvironmentVariable("ConnectionStrings__Bank"));
    await connection.OpenAsync();
    return connection;
}
