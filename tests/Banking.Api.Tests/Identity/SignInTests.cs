using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Testing;

namespace Banking.Api.Tests.Identity;

public sealed class SignInTests : IAsyncLifetime
{
    private static readonly DeviceInfo Device = new("device-of-the-test", "Test browser", "192.0.2.1");

    private TestDatabase _database = null!;
    private ApiHost _host = null!;
    private HttpClient _web = null!;
    private BankingApiClient _api = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database);
        _web = _host.CreateClientOf("web");
        _api = new BankingApiClient(_web);
    }

    public async ValueTask DisposeAsync()
    {
        _web.Dispose();
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task SignIn_WithPasswordAndCode_OpensASession()
    {
        var user = await _host.CreateCustomerAsync("Ada Lovelace");
        var opened = await _host.OpenSessionAsync(user);

        using var client = _host.CreateClientWith(opened.AccessToken);
        var session = await new BankingApiClient(client).GetSessionAsync(CallContext.None);

        Assert.True(session.Succeeded, session.Problem?.ToString());
        Assert.Equal(user.Id, session.Value.User.Id);
        Assert.Equal("Ada Lovelace", session.Value.User.DisplayName);
        Assert.Equal(AcrValues.Mfa, session.Value.Acr);
        Assert.Equal(opened.SessionId, session.Value.SessionId);
        var trail = await _host.WithDatabaseAsync(db => db.Set<AuditEvent>().Where(row => row.Actor == user.Id).OrderBy(row => row.Id).Select(row => row.Action + " " + row.Outcome).ToListAsync());
        Assert.Equal(["sign_in.password ok", "sign_in.totp ok", "session.open ok"], trail);
    }

    // SR-05
    [Fact]
    public async Task Password_WhenUserIsUnknownOrPasswordWrong_AnswersTheSame()
    {
        var user = await _host.CreateCustomerAsync();

        var wrong = await PostPasswordAsync(user.UserName, "not the password");
        var unknown = await PostPasswordAsync("nobody.at.all", "not the password");

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.Status);
        Assert.Equal(wrong.Status, unknown.Status);
        Assert.Equal(wrong.Body, unknown.Body);
        Assert.Equal(wrong.HeaderNames, unknown.HeaderNames);
        var failures = await _host.WithDatabaseAsync(db => db.Set<AuditEvent>().CountAsync(row => row.Action == "sign_in.password" && row.Outcome == ErrorCodes.InvalidCredentials));
        Assert.Equal(2, failures);
    }

    // SR-01: no truncation, no folding.
    [Theory]
    [InlineData(" ", "")]
    [InlineData("", " ")]
    [InlineData("", "x")]
    public async Task Password_WithAnythingAdded_IsWrong(string before, string after)
    {
        var user = await _host.CreateCustomerAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostPasswordAsync(user.UserName, before + user.Password + after)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostPasswordAsync(user.UserName, user.Password.ToUpperInvariant())).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostPasswordAsync(user.UserName.ToUpperInvariant(), user.Password)).Status);
    }

    // SR-04
    [Fact]
    public async Task Password_AfterFiveFailures_IsLockedForFifteenMinutesAlsoWhenRight()
    {
        var user = await _host.CreateCustomerAsync();
        for (var i = 0; i < FactorAttempts.FailuresMax; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await PostPasswordAsync(user.UserName, "wrong")).Status);
        }

        var right = await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device));
        Assert.Equal(ErrorCodes.AccountLocked, right.Problem!.Code);
        Assert.Equal(403, right.Problem.Status);
        Assert.InRange(right.Problem.Extensions["retryAfter"].GetInt64(), 1, 900);
        // Whoever does not know the password is not even told that it is locked.
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostPasswordAsync(user.UserName, "wrong")).Status);

        _host.Clock.Advance(FactorAttempts.LockTime);
        await _host.OpenSessionAsync(user);
    }

    [Fact]
    public async Task Password_WhileLocked_StopsTellingRightFromWrong()
    {
        var user = await _host.CreateCustomerAsync();
        for (var i = 0; i < 10; i++)
        {
            await PostPasswordAsync(user.UserName, "wrong");
        }

        var right = await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device));
        Assert.Equal(ErrorCodes.InvalidCredentials, right.Problem!.Code);
    }

    // SR-04, side by side
    [Fact]
    public async Task Password_WithGuessesInParallel_CountsEachOfThem()
    {
        var user = await _host.CreateCustomerAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostPasswordAsync(user.UserName, "wrong")));

        var right = await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device));
        Assert.Equal(ErrorCodes.AccountLocked, right.Problem!.Code);
    }

    // SR-08
    [Fact]
    public async Task Totp_AfterFiveWrongCodes_RefusesTheRightOne()
    {
        var user = await _host.CreateCustomerAsync();
        var ticket = (await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device))).Value!.Ticket;
        for (var i = 0; i < FactorAttempts.FailuresMax; i++)
        {
            var refused = await _api.SignInWithTotpAsync(new TotpSignIn(ticket, WrongCode(user)));
            Assert.Equal(ErrorCodes.InvalidCredentials, refused.Problem!.Code);
        }

        var sixth = await _api.SignInWithTotpAsync(new TotpSignIn(ticket, _host.NextCode(user)));
        Assert.Equal(ErrorCodes.AccountLocked, sixth.Problem!.Code);
        // A right password in between does not start the count anew.
        Assert.Equal(ErrorCodes.AccountLocked, (await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device))).Problem!.Code);
        Assert.True(await _host.WithDatabaseAsync(db => db.Set<AuditEvent>().AnyAsync(row => row.Action == "user.lock" && row.Actor == user.Id)));
    }

    // SR-08
    [Fact]
    public async Task Totp_WhenTheCodeWasUsed_IsRefused()
    {
        var user = await _host.CreateCustomerAsync();
        await _host.OpenSessionAsync(user);
        var used = Totp.Compute(user.TotpSecret, Totp.StepAt(_host.Clock.GetUtcNow()));

        var ticket = (await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device))).Value!.Ticket;
        Assert.Equal(ErrorCodes.InvalidCredentials, (await _api.SignInWithTotpAsync(new TotpSignIn(ticket, used))).Problem!.Code);
        var older = Totp.Compute(user.TotpSecret, Totp.StepAt(_host.Clock.GetUtcNow()) - 1);
        Assert.Equal(ErrorCodes.InvalidCredentials, (await _api.SignInWithTotpAsync(new TotpSignIn(ticket, older))).Problem!.Code);
    }

    [Fact]
    public async Task Totp_WithOneTicketInParallel_OpensOneSession()
    {
        var user = await _host.CreateCustomerAsync();
        var ticket = (await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device))).Value!.Ticket;
        var code = _host.NextCode(user);

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _api.SignInWithTotpAsync(new TotpSignIn(ticket, code))));

        Assert.Single(results, result => result.Succeeded);
        Assert.All(results.Where(result => !result.Succeeded), result => Assert.Equal(ErrorCodes.SignInExpired, result.Problem!.Code));
    }

    [Fact]
    public async Task Ticket_AfterFiveMinutes_IsTooOld()
    {
        var user = await _host.CreateCustomerAsync();
        var ticket = (await _api.SignInWithPasswordAsync(new PasswordSignIn(user.UserName, user.Password, Device))).Value!.Ticket;
        _host.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(ErrorCodes.SignInExpired, (await _api.SignInWithTotpAsync(new TotpSignIn(ticket, _host.NextCode(user)))).Problem!.Code);
    }

    [Fact]
    public async Task SignIn_WithoutTheWebsCredential_IsRefused()
    {
        var user = await _host.CreateCustomerAsync();
        var request = new PasswordSignIn(user.UserName, user.Password, Device);
        using var nobody = _host.CreateClient();
        using var assistant = _host.CreateClientOf("assistant");
        using var forger = _host.CreateClient();
        BankingApiClient.AddClientCredential(forger, "web", ApiHost.ClientSecretOf("assistant"));

        Assert.Equal(401, (await new BankingApiClient(nobody).SignInWithPasswordAsync(request)).Problem!.Status);
        Assert.Equal(403, (await new BankingApiClient(assistant).SignInWithPasswordAsync(request)).Problem!.Status);
        Assert.Equal(401, (await new BankingApiClient(forger).SignInWithPasswordAsync(request)).Problem!.Status);
    }

    // SR-31
    [Fact]
    public async Task StoredPassword_IsPbkdf2Sha512AtGuidanceCost()
    {
        var user = await _host.CreateCustomerAsync();
        var hash = Convert.FromBase64String((await _host.WithDatabaseAsync(db => db.Users.SingleAsync(row => row.Id == user.Keys.UserId))).PasswordHash!);

        Assert.Equal(0x01, hash[0]);
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.True(BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)) >= 210_000);
        Assert.True(BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(9)) >= 16);
    }

    // RFC 6238 appendix B, the last six digits of its eight.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1234567890, "005924")]
    [InlineData(20000000000, "353130")]
    public void Totp_GivesTheCodesOfTheStandard(long seconds, string code) =>
        Assert.Equal(code, Totp.Compute("12345678901234567890"u8, Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds))));

    private string WrongCode(TestUser user)
    {
        var step = Totp.StepAt(_host.Clock.GetUtcNow());
        var right = Enumerable.Range(-1, 3).Select(offset => Totp.Compute(user.TotpSecret, step + offset)).ToHashSet();
        return Enumerable.Range(0, 4).Select(i => i.ToString("D6")).First(code => !right.Contains(code));
    }

    private async Task<(HttpStatusCode Status, string Body, string HeaderNames)> PostPasswordAsync(string userName, string password)
    {
        using var response = await _web.PostAsJsonAsync("v1/sign-in/password", new PasswordSignIn(userName, password, Device));
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        body.Remove("traceId");
        return (response.StatusCode, body.ToJsonString(), string.Join(',', response.Headers.Concat(response.Content.Headers).Select(header => header.Key).Order()));
    }
}

/// <summary>SR-01 and SR-02.</summary>
public sealed class PasswordPolicyTests
{
    [Theory]
    [InlineData("7 chars", PasswordFault.TooShort)]
    [InlineData("8 chars!", PasswordFault.None)]
    [InlineData("🐟🐟🦊🐝🌲🌧️🚲", PasswordFault.None)]
    [InlineData("🐟🦊🐝🌲", PasswordFault.TooShort)]
    [InlineData("no composition rule at all", PasswordFault.None)]
    [InlineData("password123", PasswordFault.Common)]
    [InlineData("P@ssw0rd2026!", PasswordFault.Common)]
    [InlineData("qwertyuiop", PasswordFault.Common)]
    [InlineData("aaaaaaaaaaaa", PasswordFault.Common)]
    [InlineData("abcdefghijkl", PasswordFault.Common)]
    [InlineData("SecureBank2026", PasswordFault.Guessable)]
    [InlineData("securebank-is-great", PasswordFault.Guessable)]
    [InlineData("mallory99!!", PasswordFault.Guessable)]
    public void Check_JudgesByLengthAndGuessability(string password, PasswordFault expected) =>
        Assert.Equal(expected, PasswordPolicy.Check(password, "mallory"));

    [Theory]
    [InlineData(64, PasswordFault.None)]
    [InlineData(65, PasswordFault.None)]
    [InlineData(256, PasswordFault.None)]
    [InlineData(257, PasswordFault.TooLong)]
    public void Check_TakesLongPassphrases(int length, PasswordFault expected) =>
        Assert.Equal(expected, PasswordPolicy.Check(string.Concat(Enumerable.Repeat("wet otter ", 30))[..length], "mallory"));
}
