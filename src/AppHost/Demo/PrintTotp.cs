namespace AppHost.Demo;

/// <summary>Prints a demo user's current code, so that a newcomer needs no authenticator app.</summary>
internal static class PrintTotp
{
    /// <exception cref="HostException">There is no such user.</exception>
    public static async Task RunAsync(string user, string dataFolder, TimeProvider clock, TextWriter output, CancellationToken cancellationToken)
    {
        var logins = await DemoLogins.ReadAsync(dataFolder, cancellationToken);
        var login = logins.FirstOrDefault(login => string.Equals(login.User, user, StringComparison.OrdinalIgnoreCase))
            ?? throw new HostException($"There is no demo user '{user}'. There are: {string.Join(", ", logins.Select(l => l.User))}.");
        await output.WriteLineAsync(Totp.Code(login.TotpSecret, clock.GetUtcNow()));
    }
}
