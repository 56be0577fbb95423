using System.Diagnostics;
using Testing;

namespace EndToEnd;

/// <summary>The real processes, started as production would start them, with a configuration that is not fit for it.</summary>
public sealed class ProductionTests
{
    [Theory]
    [InlineData("Banking.Api")]
    [InlineData("Assistant.Bot")]
    [InlineData("Bank.Web")]
    public async Task Start_WithAnUnsafeConfiguration_IsRefusedAndEveryFaultNamed(string process)
    {
        var dll = RepositoryFolder.Combine("artifacts", "bin", process, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), process + ".dll");
        var start = new ProcessStartInfo("dotnet", ["exec", dll])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        const string weak = "changeme-changeme-changeme-changeme-changeme";
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            ["ConnectionStrings__Bank"] = "Host=127.0.0.1;Port=1;Database=bank",
            ["ConnectionStrings__Assistant"] = "Host=127.0.0.1;Port=1;Database=assistant",
            ["ConnectionStrings__Web"] = "Host=127.0.0.1;Port=1;Database=bank",
            ["BankingApi__BaseAddress"] = "http://127.0.0.1:1",
            ["BankingApi__ClientSecret"] = weak,
            ["Assistant__BaseAddress"] = "http://127.0.0.1:1",
            ["Assistant__DirectLineSecret"] = weak,
            ["DirectLine__Secret"] = weak,
            ["DirectLine__Authentication"] = "off",
            ["Bank__WebBaseAddress"] = "http://127.0.0.1:1",
            ["Clients__web__Secret"] = weak,
            ["Clients__assistant__Secret"] = weak,
            ["Encryption__MasterKey"] = Convert.ToBase64String(new byte[32]),
            ["Events__SigningSecret"] = Convert.ToBase64String(new byte[32]),
            ["Passkeys__RelyingPartyId"] = "bank.example",
            ["Passkeys__Origins__0"] = "https://bank.example",
            ["Demo__Enabled"] = "true",
        })
        {
            start.Environment[name] = value;
        }

        using var running = Process.Start(start)!;
        var output = running.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = running.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await running.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!running.HasExited)
            {
                running.Kill(entireProcessTree: true);
            }
        }

        var said = await output + await errors;
        Assert.NotEqual(0, running.ExitCode);
        Assert.Contains("plain HTTP", said, StringComparison.Ordinal);
        Assert.Contains("Demo data", said, StringComparison.Ordinal);
        Assert.Contains("Channel authentication is off", said, StringComparison.Ordinal);
        Assert.Contains("weak secret", said, StringComparison.Ordinal);
    }
}
