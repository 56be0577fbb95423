using System.Reflection;
using Banking.Api.Audit;
using Banking.Api.Authorizations;
using Banking.Api.Demo;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.OpenApi;
using Banking.Api.Payments;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Banking.Api;

/// <summary>
/// The process: <c>migrate</c> (as the database's owner), <c>seed-demo</c> (development only), <c>verify</c> (ledger and audit), <c>openapi</c> (the description of the API), or,
/// without a command, the HTTP service.
/// </summary>
public static class BankingApi
{
    /// <summary>Runs the command named by the first argument; the exit code tells success.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var command = args.FirstOrDefault(arg => !arg.StartsWith('-'));
        return command switch
        {
            "migrate" => await MigrateAsync(args),
            "seed-demo" => await SeedDemo.RunAsync(args[1..], Console.Out, Console.Error),
            "verify" => await VerifyCommand.RunAsync(args[1..], Console.Out),
            "openapi" => await WriteDocumentCommand.RunAsync(args[1..], Console.Out),
            null => await ServeAsync(args),
            _ => Unknown(command),
        };
    }

    /// <summary>Builds the service; tests use it with their own configuration.</summary>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        configure?.Invoke(builder);
        builder.AddServiceDefaults("banking-api");
        AddBank(builder.Services, builder.Configuration);
        var app = builder.Build();
        app.UseHttpSurface();
        app.MapHealth();
        app.MapIdentity();
        app.MapAuthorizations();
        var v1 = app.MapGroup("/v1");
        v1.MapReading();
        v1.MapPayments();
        if (app.Environment.IsDevelopment())
        {
            app.MapOpenApi().AllowAnonymous();
        }

        return app;
    }

    /// <summary>Everything the bank consists of, without the web server: commands use the same parts.</summary>
    public static void AddBank(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(WithoutErrorDetail(configuration.Require("ConnectionStrings:Bank"))));
        services.AddDbContext<BankDbContext>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        services.AddSingleton(_ => new ColumnCipher(configuration.RequireSecret("Encryption:MasterKey")));
        services.AddIdentity(configuration);
        services.AddAuthorizations();
        services.AddReading(configuration);
        services.AddPayments(configuration);
    }

    /// <summary>Applies this build's migrations to the database of an owner's connection string.</summary>
    public static async Task<IReadOnlyList<string>> ApplyMigrationsAsync(string ownerConnectionString, string appRole, CancellationToken cancellationToken = default) =>
        await new SqlMigrator(Assembly.GetExecutingAssembly(), new Dictionary<string, string> { ["app_role"] = appRole }, TimeProvider.System)
            .MigrateAsync(ownerConnectionString, cancellationToken: cancellationToken);

    // The detail of a database error quotes the row it is about, and errors end in logs: it stays in the server, whatever the setting asks for.
    private static string WithoutErrorDetail(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { IncludeErrorDetail = false }.ConnectionString;

    private static async Task<int> MigrateAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args[1..]).Build();
        var applied = await ApplyMigrationsAsync(configuration.Require("ConnectionStrings:BankOwner"), configuration["Database:AppRole"] ?? "bank_app");
        Console.WriteLine(applied.Count == 0 ? "The database is up to date." : $"Applied {string.Join(", ", applied)}.");
        return 0;
    }

    private static async Task<int> ServeAsync(string[] args)
    {
        await using var app = Build(args);
        await app.RunAsync();
        return 0;
    }

    private static int Unknown(string command)
    {
        Console.Error.WriteLine($"There is no command '{command}'. Commands: migrate, seed-demo, verify, openapi; none starts the service.");
        return 2;
    }
}
