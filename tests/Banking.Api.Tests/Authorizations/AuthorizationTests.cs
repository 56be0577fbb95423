using System.Text.Json.Nodes;
using Banking.Api.Audit;
using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Tests.Hosting;
using Banking.Api.Tests.Identity;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Testing;
using ApproveAuthorization = Banking.Api.Authorizations.ApproveAuthorization;

namespace Banking.Api.Tests.Authorizations;

/// <summary>The authorization resource with a subject of the test's own, whose details the test may change at any time.</summary>
public sealed class AuthorizationTests : IAsyncLifetime
{
    private readonly ChangeableSubject _subject = new();

    private TestDatabase _database = null!;
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database, services: services => services.AddSingleton<IAuthorizationSubject>(_subject));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    // SR-13: what is shown is what is bound.
    [Fact]
    public async Task Authorization_ShowsItsDetailsAndTheirHash()
    {
        await using var flow = await StartAsync();
        var shown = (await flow.Api.GetAuthorizationAsync(flow.Id, CallContext.None)).Value!;

        Assert.Equal("pending", shown.State);
        Assert.Equal("60.00", shown.Details.GetProperty("instructedAmount").GetProperty("amount").GetString());
        Assert.Equal("Nora Webb", shown.Details.GetProperty("creditor").GetString());
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString(CanonicalJson.Hash(Details())), shown.Hash);
        Assert.Equal(["totp"], shown.Methods);
    }

    // SR-12
    [Fact]
    public async Task Approval_InParallel_IsAcceptedOnce_AndUsedOnce()
    {
        await using var flow = await StartAsync();
        var code = _host.NextCode(flow.User);

        var approvals = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => flow.Api.ApproveAsync(flow.Id, new("totp", code, null), CallContext.None)));
        Assert.Single(approvals, result => result.Succeeded);
        Assert.All(approvals.Where(result => !result.Succeeded), result => Assert.Equal(ErrorCodes.AuthorizationUsed, result.Problem!.Code));
        Assert.Equal(1, _subject.Approvals);

        var uses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ConsumeAsync(flow, Details())));
        Assert.Single(uses, problem => problem is null);
        Assert.All(uses.Where(problem => problem is not null), problem => Assert.Equal(ErrorCodes.AuthorizationUsed, problem!.Code));
    }

    // SR-09, SR-10
    [Fact]
    public async Task Consume_WithoutApproval_IsChallenged()
    {
        await using var flow = await StartAsync();
        var challenge = (await ConsumeAsync(flow, Details()))!;

        Assert.Equal(401, challenge.Status);
        Assert.Equal(ErrorCodes.InsufficientUserAuthentication, challenge.Code);
        Assert.Equal(
            "Bearer error=\"insufficient_user_authentication\", error_description=\"The operation needs the user's approval\", "
            + "acr_values=\"urn:securebank:acr:passkey urn:securebank:acr:mfa\", max_age=300",
            challenge.Headers!["WWW-Authenticate"]);
        Assert.Equal(flow.Id, challenge.Extensions!["authorizationId"]);
    }

    // SR-14
    [Theory]
    [InlineData("amount", "60.01")]
    [InlineData("amount", "6.000")]
    [InlineData("currency", "EUR")]
    [InlineData("creditor", "Nora Web")]
    [InlineData("creditorAccount", "GB33BUKB20201555555555")]
    [InlineData("debtorAccount", "GB00OTHER")]
    [InlineData("extra", "x")]
    public async Task Consume_WithAnyChangeAfterApproval_IsRefused(string member, string value)
    {
        await using var flow = await StartAsync();
        await _host.ApproveWithTotpAsync(flow.Client, flow.User, flow.Id);

        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, (await ConsumeAsync(flow, Change(Details(), member, value)))!.Code);
        Assert.Null(await ConsumeAsync(flow, Details()));
    }

    [Fact]
    public async Task Approval_WhenTheSubjectChanged_IsRefusedAndTheAuthorizationDies()
    {
        await using var flow = await StartAsync();
        _subject.Details = Change(Details(), "amount", "600.00");

        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, (await ApproveAsync(flow)).Problem!.Code);
        _subject.Details = Details();
        var again = await ApproveAsync(flow);
        Assert.Equal(409, again.Problem!.Status);
        Assert.Equal(0, _subject.Approvals);
    }

    [Fact]
    public async Task Approval_WhenTheSubjectNoLongerWaits_IsRefused()
    {
        await using var flow = await StartAsync();
        _subject.Details = null;
        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, (await ApproveAsync(flow)).Problem!.Code);
    }

    [Fact]
    public async Task Approval_WhenTheStoredDetailsWereAltered_IsRefused()
    {
        await using var flow = await StartAsync();
        await _host.WithDatabaseAsync(db => db.Database.ExecuteSqlAsync(
            $"""update identity."authorization" set details = jsonb_set(details, array['creditor'], '"Somebody Else"')"""));
        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, (await ApproveAsync(flow)).Problem!.Code);
    }

    // SR-08: bound to its own request.
    [Fact]
    public async Task Approval_WithACodeThatApprovedSomethingElse_IsRefused()
    {
        await using var flow = await StartAsync();
        var code = _host.NextCode(flow.User);
        Assert.True((await flow.Api.ApproveAsync(flow.Id, new("totp", code, null), CallContext.None)).Succeeded);
        var second = await RequestAsync(flow);
        Assert.Equal(ErrorCodes.FactorFailed, (await flow.Api.ApproveAsync(second, new("totp", code, null), CallContext.None)).Problem!.Code);
    }

    [Fact]
    public async Task Approval_AfterFiveWrongCodes_EndsTheAuthorizationAndLocksTheUser()
    {
        await using var flow = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(ErrorCodes.FactorFailed, (await flow.Api.ApproveAsync(flow.Id, new("totp", "abcdef", null), CallContext.None)).Problem!.Code);
        }

        Assert.Equal(ErrorCodes.AuthorizationNotPending, (await ApproveAsync(flow)).Problem!.Code);
        var next = await RequestAsync(flow);
        Assert.Equal(ErrorCodes.AccountLocked, (await flow.Api.ApproveAsync(next, new("totp", _host.NextCode(flow.User), null), CallContext.None)).Problem!.Code);
        var trail = await _host.WithDatabaseAsync(db => db.Set<AuditEvent>().CountAsync(row => row.Action == "authorization.approve" && row.Outcome == ErrorCodes.FactorFailed));
        Assert.Equal(5, trail);
    }

    // SR-11: max_age 300.
    [Fact]
    public async Task Authorization_AfterFiveMinutes_CanNeitherBeApprovedNorUsed()
    {
        await using var approved = await StartAsync();
        await _host.ApproveWithTotpAsync(approved.Client, approved.User, approved.Id);
        await approved.Api.ListSessionsAsync(CallContext.None);
        _host.Clock.Advance(TimeSpan.FromSeconds(150));
        await approved.Api.ListSessionsAsync(CallContext.None);
        _host.Clock.Advance(TimeSpan.FromSeconds(151));
        Assert.Equal(ErrorCodes.AuthorizationExpired, (await ConsumeAsync(approved, Details()))!.Code);

        await using var pending = await StartAsync();
        _host.Clock.Advance(TimeSpan.FromSeconds(150));
        await pending.Api.ListSessionsAsync(CallContext.None);
        _host.Clock.Advance(TimeSpan.FromSeconds(151));
        Assert.Equal(ErrorCodes.AuthorizationExpired, (await ApproveAsync(pending)).Problem!.Code);
        Assert.Equal("expired", (await pending.Api.GetAuthorizationAsync(pending.Id, CallContext.None)).Value!.State);
    }

    [Fact]
    public async Task Authorization_ForAnybodyElse_DoesNotExist()
    {
        await using var flow = await StartAsync();
        var stranger = await _host.CreateCustomerAsync();
        using var strangersClient = await _host.SignInAsync(stranger);
        using var otherSession = await _host.SignInAsync(flow.User);
        foreach (var client in (HttpClient[])[strangersClient, otherSession])
        {
            var api = new BankingApiClient(client);
            Assert.Equal(404, (await api.GetAuthorizationAsync(flow.Id, CallContext.None)).Problem!.Status);
            Assert.Equal(404, (await api.ApproveAsync(flow.Id, new("totp", _host.NextCode(stranger), null), CallContext.None)).Problem!.Status);
            Assert.Equal(404, (await api.DeclineAsync(flow.Id, CallContext.None)).Problem!.Status);
            Assert.Equal(404, (await api.StartPasskeyApprovalAsync(flow.Id, CallContext.None)).Problem!.Status);
        }
    }

    [Fact]
    public async Task Decline_EndsIt_AndTellsTheSubject()
    {
        await using var flow = await StartAsync();
        Assert.Equal("declined", (await flow.Api.DeclineAsync(flow.Id, CallContext.None)).Value!.State);
        Assert.Equal(1, _subject.Declines);
        Assert.Equal(ErrorCodes.AuthorizationNotPending, (await ApproveAsync(flow)).Problem!.Code);
        Assert.Equal(ErrorCodes.AuthorizationNotPending, (await ConsumeAsync(flow, Details()))!.Code);
    }

    [Fact]
    public async Task Request_ForTheSameSubject_SupersedesTheOneBefore_EvenApproved()
    {
        await using var flow = await StartAsync();
        await _host.ApproveWithTotpAsync(flow.Client, flow.User, flow.Id);
        var before = flow.Id;
        await RequestAsync(flow);
        Assert.Equal(ErrorCodes.AuthorizationNotPending, (await ConsumeAsync(flow, Details(), before))!.Code);
    }

    [Fact]
    public async Task Passkey_WhenTheUserHasNone_IsNotOfferedAndNotDemanded()
    {
        await using var flow = await StartAsync(AcrValues.Passkey);
        Assert.Equal(["totp"], (await flow.Api.GetAuthorizationAsync(flow.Id, CallContext.None)).Value!.Methods);
        Assert.Equal(ErrorCodes.FactorNotAvailable, (await flow.Api.StartPasskeyApprovalAsync(flow.Id, CallContext.None)).Problem!.Code);
    }

    [Fact]
    public async Task Passkey_ApprovesExactlyWhatItsChallengeWasMadeFor()
    {
        await using var flow = await StartAsync();
        using var authenticator = new SoftwareAuthenticator();
        await PasskeyTests.RegisterAsync(_host, flow.Client, flow.User, authenticator);
        var id = await RequestAsync(flow, AcrValues.Passkey);

        // The passkey is demanded now: a code does not do.
        Assert.Equal(ErrorCodes.FactorNotAvailable, (await flow.Api.ApproveAsync(id, new("totp", _host.NextCode(flow.User), null), CallContext.None)).Problem!.Code);
        var options = (await flow.Api.StartPasskeyApprovalAsync(id, CallContext.None)).Value!;
        var answer = authenticator.Get(options.OptionsJson);
        var approved = await flow.Api.ApproveAsync(id, new("passkey", null, answer), Page);

        Assert.True(approved.Succeeded, approved.Problem?.ToString());
        Assert.Equal("approved", approved.Value.State);
        Assert.Equal(409, (await flow.Api.ApproveAsync(id, new("passkey", null, answer), Page)).Problem!.Status);
        Assert.Null(await ConsumeAsync(flow, Details(), id));
    }

    [Fact]
    public async Task Passkey_WithAnAnswerToAnotherAuthorization_IsRefused_AndItsCeremonyIsSpent()
    {
        await using var flow = await StartAsync();
        using var authenticator = new SoftwareAuthenticator();
        await PasskeyTests.RegisterAsync(_host, flow.Client, flow.User, authenticator);
        var first = await RequestAsync(flow);
        var old = authenticator.Get((await flow.Api.StartPasskeyApprovalAsync(first, CallContext.None)).Value!.OptionsJson);
        var second = await RequestAsync(flow);
        var options = (await flow.Api.StartPasskeyApprovalAsync(second, CallContext.None)).Value!;

        Assert.Equal(ErrorCodes.FactorFailed, (await flow.Api.ApproveAsync(second, new("passkey", null, old), Page)).Problem!.Code);
        // The right answer to a ceremony that was answered once comes too late.
        Assert.Equal(ErrorCodes.CeremonyExpired, (await flow.Api.ApproveAsync(second, new("passkey", null, authenticator.Get(options.OptionsJson)), Page)).Problem!.Code);
    }

    [Fact]
    public async Task Passkey_WhenTheSubjectChangedAfterTheOptions_IsRefused()
    {
        await using var flow = await StartAsync();
        using var authenticator = new SoftwareAuthenticator();
        await PasskeyTests.RegisterAsync(_host, flow.Client, flow.User, authenticator);
        var id = await RequestAsync(flow);
        var options = (await flow.Api.StartPasskeyApprovalAsync(id, CallContext.None)).Value!;
        _subject.Details = Change(Details(), "creditorAccount", "GB33BUKB20201555555555");

        Assert.Equal(ErrorCodes.AuthorizationSubjectChanged, (await flow.Api.ApproveAsync(id, new("passkey", null, authenticator.Get(options.OptionsJson)), Page)).Problem!.Code);
        Assert.Equal(409, (await flow.Api.ApproveAsync(id, new("passkey", null, authenticator.Get(options.OptionsJson)), Page)).Problem!.Status);
    }

    // The challenge itself covers the details: even with the comparison of hashes out of the way, a signature over others does not verify.
    [Fact]
    public void BoundChallenge_DiffersWithEverythingThatGoesIntoIt()
    {
        Guid ceremony = new("0199c0ff-ee7a-7c3e-8d1f-2a3b4c5d6e7f"), user = new("0199c0ff-ee7a-7c3e-8d1f-2a3b4c5d6e80");
        byte[] nonce = [.. Enumerable.Repeat((byte)7, 32)];
        var hash = CanonicalJson.Hash(Details());
        byte[][] challenges =
        [
            BoundChallenge.Derive(ceremony, user, hash, nonce),
            BoundChallenge.Derive(user, ceremony, hash, nonce),
            BoundChallenge.Derive(ceremony, user, CanonicalJson.Hash(Change(Details(), "amount", "60.01")), nonce),
            BoundChallenge.Derive(ceremony, user, hash, [.. Enumerable.Repeat((byte)8, 32)]),
        ];
        Assert.Equal(4, challenges.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count());
    }

    // SR-14: 100,000 changed details against the canonical form; none passes for the approved ones.
    [Fact]
    public void Approval_OfMutatedDetails_IsNeverAccepted()
    {
        var random = new Random(20260311);
        var record = new AuthorizationRecord
        {
            Type = AuthorizationTypes.PaymentInitiation,
            Details = CanonicalJson.Write(Details()),
            DetailsHash = CanonicalJson.Hash(Details()),
            AcrValues = AcrValues.Any,
            State = "pending",
        };
        Assert.True(ApproveAuthorization.IsUnchanged(record, Details()));
        var accepted = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var mutant = Mutate(Details(), random);
            if (JsonNode.DeepEquals(mutant, Details()))
            {
                i--;
                continue;
            }

            accepted += ApproveAuthorization.IsUnchanged(record, mutant) ? 1 : 0;
        }

        Assert.Equal(0, accepted);
    }

    private static CallContext Page => new() { Origin = ApiHost.Origin };

    private static JsonObject Details() => new()
    {
        ["type"] = "payment_initiation",
        ["instructedAmount"] = new JsonObject { ["amount"] = "60.00", ["currency"] = "GBP" },
        ["creditor"] = "Nora Webb",
        ["creditorAccount"] = "GB29NWBK60161331926819",
        ["debtorAccount"] = "GB94BARC10201530093459",
        ["remittanceInformation"] = null,
    };

    private static JsonObject Change(JsonObject details, string member, string value)
    {
        if (member is "amount" or "currency")
        {
            details["instructedAmount"]![member] = value;
        }
        else
        {
            details[member] = value;
        }

        return details;
    }

    private static JsonObject Mutate(JsonObject details, Random random)
    {
        var amount = details["instructedAmount"]!.AsObject();
        var target = random.Next(3) == 0 ? amount : details;
        var name = target.ElementAt(random.Next(target.Count)).Key;
        var text = target[name] is JsonValue value ? value.GetValue<string>() : "";
        switch (random.Next(7))
        {
            case 0: // one character changed
                var at = random.Next(Math.Max(1, text.Length));
                target[name] = text.Length == 0 ? "x" : string.Concat(text.AsSpan(0, at), ((char)random.Next(32, 0x2fff)).ToString(), text.AsSpan(at + 1));
                break;
            case 1: // inserted, also what does not show
                target[name] = text.Insert(random.Next(text.Length + 1), ((string[])[" ", "\u200b", "\u202e", "\0", "\"", "\\", "0", ".", "\","])[random.Next(9)]);
                break;
            case 2:
                target.Remove(name);
                break;
            case 3:
                target[name + random.Next(10)] = text;
                break;
            case 4:
                target[name] = null;
                break;
            case 5: // two values change places
                var other = target.ElementAt(random.Next(target.Count)).Key;
                (target[name], target[other]) = (target[other]?.DeepClone(), target[name]?.DeepClone());
                break;
            default: // wrapped: same letters, other structure
                target[name] = random.Next(2) == 0 ? new JsonArray(text) : new JsonObject { [name] = text };
                break;
        }

        return details;
    }

    private Task<ApiResult<Authorization>> ApproveAsync(Flow flow) =>
        flow.Api.ApproveAsync(flow.Id, new("totp", _host.NextCode(flow.User), null), CallContext.None);

    private async Task<Flow> StartAsync(string acrValues = AcrValues.Any)
    {
        _subject.Details = Details();
        var user = await _host.CreateCustomerAsync();
        var opened = await _host.OpenSessionAsync(user);
        var session = await _host.WithDatabaseAsync(db => db.Set<Session>().OrderByDescending(row => row.Id).FirstAsync(row => row.UserId == user.Keys.UserId));
        var caller = new Caller(user.Keys.UserId, user.Keys.UserPublicId, user.Keys.PartyId, session.Id, session.PublicId, session.DeviceId, CallerKind.Session,
            [Roles.Customer], [], session.Acr, session.Amr, session.AuthTime, session.CreatedAt, null, null, null);
        var flow = new Flow(user, caller, _host.CreateClientWith(opened.AccessToken));
        await RequestAsync(flow, acrValues);
        return flow;
    }

    private async Task<string> RequestAsync(Flow flow, string acrValues = AcrValues.Any)
    {
        var record = await _host.WithDatabaseAsync(db => _host.Services.GetRequiredService<IAuthorizations>()
            .RequestAsync(db, flow.Caller, AuthorizationTypes.CashMovement, Details(), flow.Caller.UserId, "test", acrValues, CancellationToken.None));
        return flow.Id = PublicId.Format(PublicId.Authorization, record.PublicId);
    }

    private Task<Problem?> ConsumeAsync(Flow flow, JsonObject details, string? id = null) =>
        _host.WithDatabaseAsync(db => _host.Services.GetRequiredService<IAuthorizations>()
            .ConsumeAsync(db, flow.Caller, AuthorizationTypes.CashMovement, details, id ?? flow.Id, CancellationToken.None));

    private sealed class Flow(TestUser user, Caller caller, HttpClient client) : IAsyncDisposable
    {
        public TestUser User { get; } = user;

        public Caller Caller { get; } = caller;

        public HttpClient Client { get; } = client;

        public BankingApiClient Api { get; } = new(client);

        public string Id { get; set; } = "";

        public ValueTask DisposeAsync()
        {
            Client.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class ChangeableSubject : IAuthorizationSubject
    {
        private int _approvals;
        private int _declines;

        public string Type => AuthorizationTypes.CashMovement;

        public JsonObject? Details { get; set; }

        public int Approvals => _approvals;

        public int Declines => _declines;

        public Task<JsonObject?> LoadForApprovalAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken) =>
            Task.FromResult((JsonObject?)Details?.DeepClone());

        public Task OnApprovedAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _approvals);
            return Task.CompletedTask;
        }

        public Task OnDeclinedAsync(BankDbContext db, Caller caller, long subjectId, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _declines);
            return Task.CompletedTask;
        }
    }
}
