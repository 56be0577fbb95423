using System.Net.Http.Json;
using System.Security.Cryptography;
using AppHost.Bank;
using AppHost.Demo;
using Banking.Client;

namespace EndToEnd.Bank;

/// <summary>A demo customer with a session and a passkey, at the API as the pages' process would be for them.</summary>
internal sealed class SignedInCustomer : IDisposable
{
    private readonly HostedBank _bank;
    private readonly DemoLogin _login;
    private readonly SoftwarePasskey _passkey;
    private readonly HttpClient _assistant;
    private readonly Authenticator _authenticator;

    private SignedInCustomer(HostedBank bank, DemoLogin login, BankingApiClient api, HttpClient assistant)
    {
        (_bank, _login, Api, _assistant) = (bank, login, api, assistant);
        _authenticator = new Authenticator(login.TotpSecret);
        _passkey = new SoftwarePasskey(bank.Web);
    }

    /// <summary>A conversation and its token.</summary>
    internal sealed record Conversation(string ConversationId, string Token);

    public BankingApiClient Api { get; }

    public string User => _login.User;

    /// <summary>The session's token.</summary>
    public string AccessToken { get; private set; } = "";

    /// <summary>Signs in with password and code.</summary>
    public static async Task<SignedInCustomer> SignInAsync(HostedBank bank, string user)
    {
        var assistant = new HttpClient { BaseAddress = bank.Assistant, Timeout = TimeSpan.FromSeconds(20) };
        assistant.DefaultRequestHeaders.Authorization = new("Bearer", await bank.SecretAsync(Secrets.DirectLine));
        var customer = new SignedInCustomer(bank, await bank.LoginAsync(user), await bank.ApiClientAsync(), assistant);
        await customer.SignInAsync();
        return customer;
    }

    /// <summary>A call in the customer's session.</summary>
    public CallContext Call(string? idempotencyKey = null) => new() { AccessToken = AccessToken, IdempotencyKey = idempotencyKey, Origin = Origin };

    /// <summary>Registers a passkey, approved with a code: a code works once in thirty seconds, a passkey as often as one likes.</summary>
    public async Task RegisterPasskeyAsync()
    {
        var options = Succeeded(await Api.StartPasskeyRegistrationAsync(Call()));
        var request = new RegisterPasskey(options.CeremonyId, _passkey.Create(options.OptionsJson), "Test passkey", AuthorizationId: null);
        var challenge = await Api.RegisterPasskeyAsync(request, Call());
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, challenge.Problem?.Code);
        var authorizationId = challenge.Problem!.Text("authorizationId")!;
        Succeeded(await Api.ApproveAsync(authorizationId, new ApproveAuthorization("totp", await _authenticator.NextCodeAsync(), CredentialJson: null), Call()));
        Succeeded(await Api.RegisterPasskeyAsync(request with { AuthorizationId = authorizationId }, Call()));
    }

    /// <summary>Approves with the passkey. A problem is a result: the bank may be down.</summary>
    public async Task<ApiResult<Authorization>> ApproveAsync(string authorizationId)
    {
        var options = await Api.StartPasskeyApprovalAsync(authorizationId, Call());
        return options.Succeeded
            ? await Api.ApproveAsync(authorizationId, new ApproveAuthorization("passkey", Code: null, _passkey.Get(options.Value.OptionsJson)), Call())
            : options.Problem;
    }

    /// <summary>A new conversation which the assistant may serve with this customer's accounts, as the pages make one.</summary>
    public async Task<Conversation> OpenConversationAsync()
    {
        using var made = await _assistant.PostAsJsonAsync("v3/directline/tokens/generate", new { user = new { id = "dl_" + RandomNumberGenerator.GetHexString(32, lowercase: true) } });
        made.EnsureSuccessStatusCode();
        var conversation = (await made.Content.ReadFromJsonAsync<Conversation>())!;
        var grant = Succeeded(await Api.CreateDelegationGrantAsync(new CreateDelegationGrant(conversation.ConversationId), Call()));
        using var handed = await _assistant.PostAsJsonAsync($"internal/conversations/{conversation.ConversationId}/delegation", new { grant = grant.Grant, locale = "en-GB" });
        Assert.True(handed.IsSuccessStatusCode, await handed.Content.ReadAsStringAsync());
        return conversation;
    }

    /// <summary>The value of a result that must be a success.</summary>
    public static T Succeeded<T>(ApiResult<T> result) =>
        result.Succeeded ? result.Value : throw new Xunit.Sdk.XunitException($"The bank answered {result.Problem.Status} {result.Problem.Code}: {result.Problem.Title} {result.Problem.Detail}");

    public void Dispose()
    {
        _authenticator.Dispose();
        _passkey.Dispose();
        _assistant.Dispose();
    }

    private string Origin => _bank.Web.GetLeftPart(UriPartial.Authority);

    private async Task SignInAsync()
    {
        var device = new DeviceInfo("end-to-end-" + User, "EndToEnd", "127.0.0.1");
        var ticket = Succeeded(await Api.SignInWithPasswordAsync(new PasswordSignIn(_login.User, _login.Password, device)));
        AccessToken = Succeeded(await Api.SignInWithTotpAsync(new TotpSignIn(ticket.Ticket, await _authenticator.NextCodeAsync()))).AccessToken;
    }
}
