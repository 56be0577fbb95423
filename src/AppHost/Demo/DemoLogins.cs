using System.Text.Json;
using AppHost.Bank;

namespace AppHost.Demo;

/// <summary>A way into the demo bank, generated for this data folder.</summary>
/// <param name="User">The name to sign in with.</param>
/// <param name="Role">What the user may do.</param>
/// <param name="Password">The password.</param>
/// <param name="TotpSecret">The secret of the authenticator, base32 (RFC 4648).</param>
/// <param name="Page">Where the user begins.</param>
internal sealed record DemoLogin(string User, string Role, string Password, string TotpSecret, string Page);

/// <summary>Reads the logins that the bank wrote when it was seeded.</summary>
internal static class DemoLogins
{
    /// <exception cref="HostException">There are none, or the file is damaged.</exception>
    public static async Task<IReadOnlyList<DemoLogin>> ReadAsync(string dataFolder, CancellationToken cancellationToken)
    {
        var file = DataFolder.DemoLoginsFileOf(dataFolder);
        try
        {
            await using var stream = File.OpenRead(file);
            return await JsonSerializer.DeserializeAsync<List<DemoLogin>>(stream, JsonSerializerOptions.Web, cancellationToken) ?? [];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new HostException($"There are no demo logins in {dataFolder} yet: start the bank once with 'dotnet run --project src/AppHost'.", e);
        }
        catch (JsonException e)
        {
            throw new HostException($"{file} is damaged: {e.Message}", e);
        }
    }
}
