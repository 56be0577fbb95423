using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Banking.Api.Ledger;
using Banking.Api.Tests.Accounts;
using Banking.Api.Tests.Identity;
using Banking.Api.Tests.OpenApi;
using Banking.Client;

namespace Banking.Api.Tests.Security;

/// <summary>Every command either needs the customer's approval of exactly it, or is here with the reason why it does not.</summary>
public sealed partial class StepUpTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly string[] Consequential = ["AddPayee", "RegisterPasskey", "RemovePasskey", "ExecutePayment", "DepositCash", "WithdrawCash"];

    private static readonly Dictionary<string, string> Harmless = new(StringComparer.Ordinal)
    {
        ["SignInWithPassword"] = "before a session",
        ["SignInWithTotp"] = "before a session",
        ["StartPasskeySignIn"] = "before a session",
        ["SignInWithPasskey"] = "before a session",
        ["ExchangeToken"] = "narrows what a session may do",
        ["CreateDelegationGrant"] = "narrows what a session may do",
        ["EndSession"] = "takes rights away",
        ["EndAllSessions"] = "takes rights away",
        ["EndOneSession"] = "takes rights away",
        ["StartPasskeyRegistration"] = "options only; the credential is added by RegisterPasskey",
        ["StartPasskeyApproval"] = "part of the approval",
        ["ApproveAuthorization"] = "is the approval",
        ["DeclineAuthorization"] = "takes rights away",
        ["RemovePayee"] = "takes a way for money to leave away",
        ["DraftPayment"] = "moves nothing",
        ["AmendPayment"] = "moves nothing, and ends an approval",
        ["SubmitPayment"] = "asks for the approval",
        ["CancelPayment"] = "moves nothing",
    };

    [Fact]
    public async Task EveryCommand_IsKnownToNeedApprovalOrNot()
    {
        var commands = (await ApiOperation.AllAsync(world.Host.Services)).Where(operation => operation.Method != "GET").Select(operation => operation.Id);
        Assert.Equal(Consequential.Concat(Harmless.Keys).Order(StringComparer.Ordinal), commands.Order(StringComparer.Ordinal));
    }

    // SR-09, SR-10
    [Fact]
    public async Task EveryConsequentialCommand_WithASessionAlone_IsChallengedAndDoesNothing()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "100.00");
        var (_, teller) = await world.CreateStaffAsync("teller");
        using var authenticator = new SoftwareAuthenticator();
        var passkey = await PasskeyTests.RegisterAsync(world.Host, customer.Http, customer.User, authenticator);
        var payee = await customer.SavePayeeAsync("Maya Okafor", Iban.Create("GB", "XXBK20202041234567"));
        var payment = (await customer.Api.DraftPaymentAsync(new CreatePayment(customer.CurrentId, payee.Id, null, new Money(500, Currency.Gbp), null), new CallContext { IdempotencyKey = "d" })).Value!;
        await customer.Api.SubmitPaymentAsync(payment.Id, CallContext.None);
        using var another = new SoftwareAuthenticator();
        var options = (await customer.Api.StartPasskeyRegistrationAsync(CallContext.None)).Value!;
        var cash = new CashMovement(customer.Current.Iban, new Money(100, Currency.Gbp), null, null);
        var requests = new Dictionary<string, (HttpClient Http, object? Body)>(StringComparer.Ordinal)
        {
            ["AddPayee"] = (customer.Http, new CreatePayee("Other", Iban.Create("GB", "XXBK20202055555555"), null)),
            ["RegisterPasskey"] = (customer.Http, new RegisterPasskey(options.CeremonyId, another.Create(options.OptionsJson), "Key", null)),
            ["RemovePasskey"] = (customer.Http, null),
            ["ExecutePayment"] = (customer.Http, null),
            ["DepositCash"] = (teller, cash),
            ["WithdrawCash"] = (teller, cash),
        };
        var before = await StateAsync(customer);

        foreach (var operation in (await ApiOperation.AllAsync(world.Host.Services)).Where(operation => Consequential.Contains(operation.Id)))
        {
            var (http, body) = requests[operation.Id];
            using var request = new HttpRequestMessage(
                new HttpMethod(operation.Method), operation.Path.Replace("{id}", passkey.Id, StringComparison.Ordinal).Replace("{paymentId}", payment.Id, StringComparison.Ordinal))
            {
                Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: BankingApiClient.Json),
            };
            request.Headers.Add(ApiHeaders.IdempotencyKey, operation.Id);
            // What a caller says about how they authenticated has no effect (SR-11).
            request.Headers.Add("acr", AcrValues.Passkey);
            using var response = await http.SendAsync(request);
            var problem = System.Text.Json.Nodes.JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

            Assert.Equal((operation.Id, HttpStatusCode.Unauthorized, ErrorCodes.InsufficientUserAuthentication), (operation.Id, response.StatusCode, await response.CodeAsync()));
            var challenge = Assert.Single(response.Headers.WwwAuthenticate);
            Assert.Equal("Bearer", challenge.Scheme);
            var parameters = ChallengeParameter().Matches(challenge.Parameter!).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim('"'));
            Assert.Equal("insufficient_user_authentication", parameters["error"]);
            Assert.Equal(300, int.Parse(parameters["max_age"], CultureInfo.InvariantCulture));
            Assert.NotEmpty(parameters["error_description"]);
            Assert.All(parameters["acr_values"].Split(' '), value => Assert.Contains(value, (string[])[AcrValues.Mfa, AcrValues.Passkey]));
            Assert.StartsWith("aut_", problem["authorizationId"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Equal(parameters["acr_values"], problem["acrValues"]!.GetValue<string>());
        }

        Assert.Equal(before, await StateAsync(customer));
        teller.Dispose();
    }

    [Fact]
    public async Task RemovePasskey_WhenItIsTheLastFactor_IsRefused()
    {
        var user = await world.Host.CreateCustomerAsync();
        using var http = await world.Host.SignInAsync(user);
        var api = new BankingApiClient(http);
        using var authenticator = new SoftwareAuthenticator();
        var first = await PasskeyTests.RegisterAsync(world.Host, http, user, authenticator);
        using var another = new SoftwareAuthenticator();
        var second = await PasskeyTests.RegisterAsync(world.Host, http, user, another);
        // A user who never set up an authenticator app.
        await world.QueryAsync<long>($"update identity.\"user\" set totp_secret_cipher = null where id = {user.Keys.UserId} returning id");

        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, (await api.RemovePasskeyAsync(first.Id, null, CallContext.None)).Problem?.Code);
        await world.QueryAsync<long>($"delete from identity.user_passkey where user_id = {user.Keys.UserId} and credential_id = '\\x{Convert.ToHexString(System.Buffers.Text.Base64Url.DecodeFromChars(second.Id))}' returning user_id");

        var refused = (await api.RemovePasskeyAsync(first.Id, null, CallContext.None)).Problem!;
        Assert.Equal((409, ErrorCodes.LastFactor), (refused.Status, refused.Code));
        Assert.Single((await api.ListPasskeysAsync(CallContext.None)).Value!);
    }

    private Task<string?> StateAsync(Customer customer) => world.QueryAsync<string>(
        $"""
        select json_build_object(
            'payees', (select count(*) from payment.payee where party_id = {customer.User.Keys.PartyId} and removed_at is null),
            'passkeys', (select count(*) from identity.user_passkey where user_id = {customer.User.Keys.UserId}),
            'payments', (select json_agg(m order by m.id) from payment.payment m where party_id = {customer.User.Keys.PartyId}),
            'balance', (select balance from ledger.account where id = {customer.Current.Id}),
            'postings', (select count(*) from ledger.posting where account_id = {customer.Current.Id}))::text
        """);

    // RFC 9110 section 11.2: auth-param is token = ( token / quoted-string ).
    [GeneratedRegex("""([a-z_]+)=("[^"]*"|[^\s,]+)""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ChallengeParameter();
}
