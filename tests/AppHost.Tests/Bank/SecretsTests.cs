using AppHost.Bank;
using AppHost.Postgres;

namespace AppHost.Tests.Bank;

public sealed class SecretsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("securebank-secrets").FullName;

    private string SecretsFile => Path.Combine(_folder, "secrets.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task LoadAsync_GeneratesOnceAndKeeps()
    {
        var first = await Secrets.LoadAsync(SecretsFile, CancellationToken.None);
        var written = await File.ReadAllTextAsync(SecretsFile);
        var second = await Secrets.LoadAsync(SecretsFile, CancellationToken.None);

        Assert.Equal(written, await File.ReadAllTextAsync(SecretsFile));
        Assert.Equal(first.Roles, second.Roles);
        Assert.Equal(["assistant_app", "assistant_owner", "bank_app", "bank_owner", "web_app", "web_owner"], first.Roles.Select(role => role.Name).Order());
        Assert.Equal(32, Convert.FromBase64String(first[Secrets.BankMasterKey]).Length);
        Assert.Equal(32, Convert.FromBase64String(first[Secrets.EventSigning]).Length);
        string[] all =
        [
            .. first.Roles.Select(role => role.Password),
            first[Secrets.PostgresSuperuser], first[Secrets.WebClient], first[Secrets.AssistantClient], first[Secrets.DirectLine],
            first[Secrets.EventSigning], first[Secrets.BankMasterKey], first[Secrets.AssistantMasterKey], first[Secrets.WebMasterKey],
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SecretsFile));
        }
    }

    [Fact]
    public async Task LoadAsync_WhenOneIsMissing_AddsItAndKeepsTheOthers()
    {
        await File.WriteAllTextAsync(SecretsFile, """{ "role:bank_app": "kept" }""");
        var secrets = await Secrets.LoadAsync(SecretsFile, CancellationToken.None);
        Assert.Equal("kept", secrets.Role(DatabaseLayout.Bank.App));
        Assert.Equal(64, secrets.Role(DatabaseLayout.Bank.Owner).Length);
    }

    [Fact]
    public async Task LoadAsync_WhenDamaged_RefusesAndReplacesNothing()
    {
        await File.WriteAllTextAsync(SecretsFile, "{ half");
        await Assert.ThrowsAsync<HostException>(() => Secrets.LoadAsync(SecretsFile, CancellationToken.None));
        Assert.Equal("{ half", await File.ReadAllTextAsync(SecretsFile));
    }
}
