using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Testing;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

/// <summary>
/// Somebody using the bank in a browser of their own. Everything the browser complains about while they do (a blocked script, an error on a
/// page) is collected, and fails the journey at its end.
/// </summary>
internal sealed class Visitor : IAsyncDisposable
{
    private const float TimeoutMs = 90_000;

    private readonly BankInBrowser _bank;
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();

    private Visitor(BankInBrowser bank, IBrowserContext context, IPage page) => (_bank, _context, Page) = (bank, context, page);

    /// <summary>The tab in front.</summary>
    public IPage Page { get; }

    /// <summary>What the browser complained about so far.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public static async Task<Visitor> ArriveAsync(BankInBrowser bank, int width = 1440, int height = 900)
    {
        await bank.UntilStartedAsync();
        var context = await bank.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = bank.Address.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-GB",
        });
        context.SetDefaultTimeout(TimeoutMs);
        var visitor = new Visitor(bank, context, await context.NewPageAsync());
        visitor.Watch(visitor.Page);
        return visitor;
    }

    /// <summary>Signs in with password and code; arrives at the user's first page.</summary>
    public async Task SignInAsync(string user)
    {
        var login = _bank.LoginOf(user);
        await Page.GotoAsync("/sign-in");
        await Page.GetByLabel("User name").FillAsync(login.User);
        await Page.GetByLabel("Password").FillAsync(login.Password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await Expect(Page.GetByLabel("Code")).ToBeVisibleAsync();
        await _bank.AuthenticatorOf(user).UseNextCodeAsync(async code =>
        {
            await Page.GetByLabel("Code").FillAsync(code);
            await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
            await Expect(Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeVisibleAsync();
        });
    }

    /// <summary>Types the next code into the step-up form in front, sends it and waits until it is taken.</summary>
    public Task ApproveWithCodeAsync(string user) => _bank.AuthenticatorOf(user).UseNextCodeAsync(async code =>
    {
        await Page.GetByLabel("Code from your authenticator app").FillAsync(code);
        await Page.Locator("form:has(#Code) button[type=submit]").ClickAsync();
        await Expect(Page.Locator("#Code")).ToHaveCountAsync(0);
    });

    /// <summary>Gives the browser a built-in authenticator with a resident key and user verification, which says yes by itself (WebDriver extension of WebAuthn).</summary>
    public async Task AddVirtualAuthenticatorAsync()
    {
        var devTools = await _context.NewCDPSessionAsync(Page);
        await devTools.SendAsync("WebAuthn.enable");
        await devTools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
    }

    /// <summary>Chooses a payee on the payment page, by name.</summary>
    public async Task ChoosePayeeAsync(string name)
    {
        var value = await Page.Locator("#To option").Filter(new() { HasText = name }).GetAttributeAsync("value");
        await Page.GetByLabel("To", new() { Exact = true }).SelectOptionAsync(value!);
    }

    /// <summary>Opens the chat and waits until the assistant has greeted.</summary>
    public async Task OpenChatAsync()
    {
        await Page.GotoAsync("/chat");
        await Expect(Page.Locator("#chat[data-state=online]")).ToBeVisibleAsync();
        await Expect(BotBubbles.First).ToBeVisibleAsync();
    }

    /// <summary>Says something in the chat.</summary>
    public async Task SayAsync(string text)
    {
        var box = Page.GetByRole(AriaRole.Textbox, new() { Name = "Message input box" });
        await box.FillAsync(text);
        await box.PressAsync("Enter");
        await Expect(Page.Locator(".webchat__bubble--from-user").Filter(new() { HasText = text }).Last).ToBeVisibleAsync();
    }

    /// <summary>What the assistant said and showed.</summary>
    public ILocator BotBubbles => Page.Locator(".webchat__bubble:not(.webchat__bubble--from-user)");

    /// <summary>The newest card in the chat that holds all these texts.</summary>
    public ILocator CardWith(params string[] texts) =>
        texts.Aggregate(Page.Locator(".ac-adaptiveCard"), (cards, text) => cards.Filter(new() { HasText = text })).Last;

    /// <summary>The balance the overview shows for an account, in pence.</summary>
    public async Task<long> ReadBalanceAsync(string account)
    {
        await Page.GotoAsync("/overview");
        var text = await Page.GetByRole(AriaRole.Region, new() { Name = account, Exact = true }).Locator("[data-balance]").InnerTextAsync();
        var match = Regex.Match(text, @"^(-?)£([\d,]+)\.(\d\d)$", RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.True(match.Success, $"'{text}' is no amount");
        var pence = long.Parse(match.Groups[2].Value.Replace(",", "", StringComparison.Ordinal) + match.Groups[3].Value, System.Globalization.CultureInfo.InvariantCulture);
        return match.Groups[1].Length > 0 ? -pence : pence;
    }

    /// <summary>Fails when the page in front breaks a rule of WCAG 2.2 A or AA that a machine can check.</summary>
    public async Task CheckAccessibilityAsync()
    {
        var result = await Page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] } });
        Assert.True(
            result.Violations.Length == 0,
            Page.Url + "\n" + string.Join('\n', result.Violations.Select(violation => $"{violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html))}")));
    }

    /// <summary>Another tab of the same browser.</summary>
    public async Task<IPage> OpenTabAsync(string path)
    {
        var tab = await _context.NewPageAsync();
        Watch(tab);
        await tab.GotoAsync(path);
        return tab;
    }

    /// <summary>Fails when the browser complained about anything.</summary>
    public void CheckNoComplaints() => Assert.Empty(_complaints);

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private void Watch(IPage page)
    {
        page.Console += (_, message) =>
        {
            // Content Security Policy violations, failed loads and script errors all arrive as errors.
            if (message.Type == "error")
            {
                _complaints.Enqueue($"{page.Url}: {message.Text}");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"{page.Url}: {error}");
    }
}
