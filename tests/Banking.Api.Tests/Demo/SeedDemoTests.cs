using System.Text.Json;
using Banking.Api.Audit;
using Banking.Api.Demo;
using Banking.Api.Tests.Hosting;
using Npgsql;
using Testing;

namespace Banking.Api.Tests.Demo;

public sealed class SeedDemoTests
{
    [Fact]
    public async Task Seed_OnAnEmptyBank_MakesABankOnWhichVerifyHolds_AndOnlyOnce()
    {
        await using var database = await ApiHost.CreateDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("securebank-demo-");
        try
        {
            var file = Path.Combine(folder.FullName, "demo-logins.json");
            using var errors = new StringWriter();
            Assert.True(await SeedDemo.RunAsync(Arguments(database, file), TextWriter.Null, errors) == 0, errors.ToString());

            var logins = JsonSerializer.Deserialize<List<Dictionary<string, string>>>(await File.ReadAllTextAsync(file))!;
            Assert.Equal(["amelia", "daniel", "priya", "agent", "supervisor", "analyst", "lead", "teller", "auditor"], logins.Select(login => login["user"]));
            Assert.All(logins, login => Assert.Matches("^([a-z]+-){4}[0-9]{4}$", login["password"]));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }

            await using var source = NpgsqlDataSource.Create(database.SuperuserConnectionString);
            using var report = new StringWriter();
            Assert.True(await VerifyCommand.RunAsync(source, null, report), report.ToString());
            Assert.True(await CountAsync(source, "ledger.posting") > 1000);
            Assert.True(await CountAsync(source, "payment.payment where state = 'executed'") > 50);
            Assert.Equal(0, await CountAsync(source, "ledger.account where type in ('current', 'savings') and balance <= 0"));
            Assert.Equal(0, await CountAsync(source, "event.outbox where delivered_at is null"));

            var postings = await CountAsync(source, "ledger.posting");
            Assert.Equal(0, await SeedDemo.RunAsync(Arguments(database, file), TextWriter.Null, errors));
            Assert.Equal(postings, await CountAsync(source, "ledger.posting"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Seed_OutsideDevelopment_IsRefused()
    {
        await using var database = await ApiHost.CreateDatabaseAsync();
        using var errors = new StringWriter();
        var arguments = Arguments(database, "unused.json").Select(argument => argument.Replace("Development", "Production", StringComparison.Ordinal)).ToArray();

        Assert.Equal(2, await SeedDemo.RunAsync(arguments, TextWriter.Null, errors));
        Assert.Contains("development", errors.ToString(), StringComparison.Ordinal);
    }

    private static string[] Arguments(TestDatabase database, string file) =>
    [
        "--logins", file,
        "--environment=Development",
        $"--ConnectionStrings:Bank={database.AppConnectionString}",
        $"--Encryption:MasterKey={Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData("demo"u8))}",
        $"--Clients:web:Secret={ApiHost.ClientSecretOf("web")}",
        $"--Clients:assistant:Secret={ApiHost.ClientSecretOf("assistant")}",
        $"--Passkeys:RelyingPartyId=localhost",
        $"--Passkeys:Origins:0={ApiHost.Origin}",
        $"--Fraud:Models={RepositoryFolder.Combine("models", "fraud")}",
    ];

    private static async Task<long> CountAsync(NpgsqlDataSource source, string rows)
    {
        await using var command = source.CreateCommand($"select count(*) from {rows}");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
