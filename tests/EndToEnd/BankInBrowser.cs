using System.Collections.Concurrent;
using AppHost.Demo;
using EndToEnd.Bank;
using Microsoft.Playwright;
using Testing;

[assembly: AssemblyFixture(typeof(EndToEnd.BankInBrowser))]

namespace EndToEnd;

/// <summary>One running bank for all browser journeys, and the browser they use. Each journey is a visitor of its own.</summary>
public sealed class BankInBrowser : IAsyncDisposable
{
    private readonly Lazy<Task> _started;
    private readonly ConcurrentDictionary<string, Authenticator> _authenticators = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DemoLogin> _logins = new(StringComparer.Ordinal);

    private HostedBank? _bank;
    private IPlaywright? _playwright;

    /// <summary>Starts nothing yet: a run without browser journeys needs none of it, and where there is no browser each journey shows as skipped.</summary>
    public BankInBrowser() => _started = new Lazy<Task>(StartAsync);

    /// <summary>Where the pages are.</summary>
    public Uri Address => _bank!.Web;

    /// <summary>The browser; each visitor gets a profile of its own in it.</summary>
    public IBrowser Browser { get; private set; } = null!;

    /// <summary>A demo user's authenticator app; one for all journeys, since the bank takes each code once.</summary>
    public Authenticator AuthenticatorOf(string user) => _authenticators.GetOrAdd(user, name => new Authenticator(LoginOf(name).TotpSecret));

    /// <summary>A demo user's login.</summary>
    internal DemoLogin LoginOf(string user) => _logins[user];

    /// <summary>Waits until bank and browser are there; the first journey starts them.</summary>
    public Task UntilStartedAsync() => _started.Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
        foreach (var authenticator in _authenticators.Values)
        {
            authenticator.Dispose();
        }

        if (_bank is not null)
        {
            await _bank.DisposeAsync();
        }
    }

    private async Task StartAsync()
    {
        var chromium = await Chromium.EnsureAsync();
        _bank = await HostedBank.StartAsync();
        foreach (var login in await DemoLogins.ReadAsync(_bank.Data, CancellationToken.None))
        {
            _logins.Add(login.User, login);
        }

        // Long, since a slow machine is no defect.
        Assertions.SetDefaultExpectTimeout(90_000);
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            // Chromium refuses its sandbox as root. The rest keeps it from talking to anybody but the bank.
            Args =
            [
                .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>(),
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
            ],
        });
    }
}
