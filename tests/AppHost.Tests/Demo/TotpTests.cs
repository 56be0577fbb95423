using System.Text.Json;
using AppHost.Bank;
using AppHost.Demo;
using Testing;

namespace AppHost.Tests.Demo;

public sealed class TotpTests
{
    // RFC 6238 appendix B, SHA-1: the ASCII secret "12345678901234567890"; the last six of its eight digits.
    private const string Secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Code_OfTheStandardsVectors_IsTheirs(long unixSeconds, string code) =>
        Assert.Equal(code, Totp.Code(Secret, DateTimeOffset.FromUnixTimeSeconds(unixSeconds)));

    [Fact]
    public void Code_IgnoresHowTheSecretIsWritten() =>
        Assert.Equal("287082", Totp.Code("gezd gnbv gy3t qojq gezd gnbv gy3t qojq====", DateTimeOffset.FromUnixTimeSeconds(59)));

    [Fact]
    public void Code_WhenTheSecretIsNotBase32_SaysSo() =>
        Assert.Throws<FormatException>(() => Totp.Code("GEZD1", DateTimeOffset.UnixEpoch));

    [Fact]
    public async Task PrintTotp_PrintsTheCodeOfThatUserNow()
    {
        var data = await FolderWithLoginsAsync();
        var output = new StringWriter();
        await PrintTotp.RunAsync("Anna", data, new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(59)), output, CancellationToken.None);
        Assert.Equal("287082", output.ToString().Trim());

        var unknown = await Assert.ThrowsAsync<HostException>(() => PrintTotp.RunAsync("nobody", data, TimeProvider.System, output, CancellationToken.None));
        Assert.Contains("anna", unknown.Message, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task PrintTotp_BeforeTheFirstStart_SaysWhatToDo()
    {
        var missing = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var refused = await Assert.ThrowsAsync<HostException>(() => PrintTotp.RunAsync("anna", missing, TimeProvider.System, TextWriter.Null, CancellationToken.None));
        Assert.Contains("dotnet run --project src/AppHost", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<string> FolderWithLoginsAsync()
    {
        var data = Directory.CreateTempSubdirectory("securebank-logins").FullName;
        var logins = new[] { new DemoLogin("anna", "customer", "a password", Secret, "/") };
        await File.WriteAllTextAsync(DataFolder.DemoLoginsFileOf(data), JsonSerializer.Serialize(logins, JsonSerializerOptions.Web));
        return data;
    }
}
