using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Banking.Api.Identity;
using Banking.Api.Ledger;
using Banking.Api.Tests.Accounts;
using Banking.Api.Tests.Hosting;
using Banking.Api.Tests.OpenApi;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Api.Tests.Security;

/// <summary>Who reaches what, asked of every route that is mapped: a new route is covered the day it appears.</summary>
public sealed partial class AccessTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly string[] OfStaff = [Policies.Teller, Policies.Risk, Policies.Auditor];
    private static readonly string Elsewhere = Iban.Create("GB", "XXBK20202041234567");

    [Fact]
    public void EveryRoute_BelowV1_CarriesAPolicy()
    {
        foreach (var route in Routes())
        {
            Assert.True(route.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(data => data.Policy is not null), route.RoutePattern.RawText);
            Assert.Null(route.Metadata.GetMetadata<IAllowAnonymous>());
        }
    }

    [Fact]
    public async Task EveryRoute_IsDescribedAndEveryDescriptionServed()
    {
        var described = (await ApiOperation.AllAsync(world.Host.Services)).Select(operation => $"{operation.Method} {operation.Path}").Order(StringComparer.Ordinal);
        var mapped = Routes().SelectMany(route => MethodsOf(route).Select(method => $"{method} {route.RoutePattern.RawText!.TrimEnd('/')}")).Order(StringComparer.Ordinal);
        Assert.Equal(mapped, described);
    }

    // SR-24, SR-28: ids in the path.
    [Fact]
    public async Task EveryRouteWithAnId_WhenTheIdIsAnotherCustomers_RefusesSessionAndAssistant()
    {
        var (victim, attacker) = (await world.CreateCustomerAsync(), await world.CreateCustomerAsync());
        await world.MoveAsync(victim.Current, MovementKind.Incoming, "900.00");
        var ids = await IdsOfAsync(victim);
        using var assistant = await world.DelegateAsync(attacker);
        using var nobody = world.Host.CreateClient();
        var before = await StateOfAsync(victim);
        var (checkedRoutes, opened) = (0, 0);

        foreach (var (method, route) in (await ApiOperation.AllAsync(world.Host.Services)).Where(operation => operation.Path.Contains('{', StringComparison.Ordinal)).Select(operation => (operation.Method, operation.Path)))
        {
            var path = Parameter().Replace(route, match => ids[NounBefore(route, match.Index)]);
            foreach (var (client, who) in ((HttpClient, string)[])[(attacker.Http, "session"), (assistant, "assistant"), (nobody, "nobody")])
            {
                using var response = await SendAsync(client, method, path);
                Assert.True(
                    (int)response.StatusCode is 401 or 403 or 404 || (method != "GET" && (int)response.StatusCode is 400),
                    $"{who} {method} {path}: {(int)response.StatusCode}");
                // A client without the right credential may be told so; a valid session is told that there is nothing.
                Assert.False(who == "session" && method == "GET" && response.StatusCode == HttpStatusCode.Unauthorized, path);
            }

            checkedRoutes++;
            if (method == "GET")
            {
                using var own = await SendAsync(victim.Http, method, path);
                opened += own.IsSuccessStatusCode ? 1 : 0;
            }
        }

        Assert.True(checkedRoutes >= 16, $"{checkedRoutes} routes");
        // The same ids open for their owner, so the refusals above are about whose they are.
        Assert.True(opened >= 6, $"{opened} opened for their owner");
        Assert.Equal(before, await StateOfAsync(victim));
    }

    // SR-24, SR-28: ids in queries and bodies.
    [Fact]
    public async Task EveryIdInAQueryOrABody_WhenItIsAnotherCustomers_OpensAndChangesNothing()
    {
        var (victim, attacker) = (await world.CreateCustomerAsync("Wilhelmina Oakheart"), await world.CreateCustomerAsync());
        await world.MoveAsync(victim.Current, MovementKind.Incoming, "900.00");
        await world.MoveAsync(attacker.Current, MovementKind.Incoming, "900.00");
        var (ids, own) = (await IdsOfAsync(victim), await IdsOfAsync(attacker));
        using var assistant = await world.DelegateAsync(attacker);
        var before = await StateOfAsync(victim);
        var tried = new List<string>();

        foreach (var operation in await ApiOperation.AllAsync(world.Host.Services))
        {
            var path = Parameter().Replace(operation.Path, match => own[NounBefore(operation.Path, match.Index)]);
            foreach (var name in operation.Query.Where(IsForeignKey))
            {
                await TryAsync(operation, name, $"{path}?{name}={ids[NounOf(name)]}", null);
            }

            foreach (var name in operation.Body.Where(IsForeignKey))
            {
                // A body with an id that has no example here is a new one: write the example that would succeed with the caller's own id.
                var body = BodyOf(operation.BodySchema!, own);
                body.Remove(name is "creditorAccountId" ? "payeeId" : "-");
                body[name] = ids[NounOf(name)];
                await TryAsync(operation, name, path, body.ToJsonString());
            }
        }

        Assert.Contains("GET /v1/spending accountId", tried);
        Assert.Contains("POST /v1/payments debtorAccountId", tried);
        Assert.True(tried.Count >= 10, string.Join('\n', tried));
        Assert.Equal(before, await StateOfAsync(victim));

        async Task TryAsync(ApiOperation operation, string name, string path, string? body)
        {
            tried.Add($"{operation.Method} {operation.Path} {name}");
            foreach (var client in (HttpClient[])[attacker.Http, assistant])
            {
                using var response = await SendAsync(client, operation.Method, path, body);
                var text = await response.Content.ReadAsStringAsync();
                Assert.True((int)response.StatusCode is 401 or 403 or 404 or 422, $"{tried[^1]}: {(int)response.StatusCode} {text}");
                Assert.DoesNotContain(victim.Current.Iban, text, StringComparison.Ordinal);
                Assert.DoesNotContain("Oakheart", text, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer sbs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Basic d2ViOnNlY3JldA==")]
    public async Task EveryRoute_WithoutAValidCredential_Is401(string? credential)
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "900.00");
        var ids = await IdsOfAsync(customer);
        var before = await StateOfAsync(customer);
        using var http = world.Host.CreateClient();
        if (credential is not null)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", credential);
        }

        foreach (var operation in await ApiOperation.AllAsync(world.Host.Services))
        {
            using var response = await SendAsync(http, operation.Method, Parameter().Replace(operation.Path, match => ids[NounBefore(operation.Path, match.Index)]));
            Assert.Equal((operation, HttpStatusCode.Unauthorized, ErrorCodes.Unauthenticated), (operation, response.StatusCode, await response.CodeAsync()));
        }

        Assert.Equal(before, await StateOfAsync(customer));
    }

    [Fact]
    public async Task EveryRouteOfStaff_WhenCalledByACustomerOrTheirAssistant_IsForbidden()
    {
        var customer = await world.CreateCustomerAsync();
        using var assistant = await world.DelegateAsync(customer);
        var count = 0;
        foreach (var route in Routes().Where(route => route.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(data => OfStaff.Contains(data.Policy))))
        {
            var path = Parameter().Replace(route.RoutePattern.RawText!, customer.Current.Iban);
            foreach (var method in MethodsOf(route))
            {
                foreach (var client in (HttpClient[])[customer.Http, assistant])
                {
                    using var response = await SendAsync(client, method, path);
                    Assert.Equal((HttpStatusCode.Forbidden, ErrorCodes.Forbidden), (response.StatusCode, await response.CodeAsync()));
                }

                count++;
            }
        }

        Assert.True(count >= 4, $"{count} routes");
    }

    [Fact]
    public async Task EveryRoute_WhenTheBodyIsNotAsDeclared_AnswersAProblemAndNever5xx()
    {
        var customer = await world.CreateCustomerAsync();
        using var http = world.Host.CreateClientOf("web");
        http.DefaultRequestHeaders.Authorization = customer.Http.DefaultRequestHeaders.Authorization;
        http.DefaultRequestHeaders.Add(ApiHeaders.IdempotencyKey, "key-1");
        string[] bodies =
        [
            "", "{", "[]", "null", "true", "\"text\"", "1e999", "{}", "{\"a\":", "{\"name\":1,\"iban\":[]}", "{\"name\":null,\"iban\":null}", "\u0000", "{\"instructedAmount\":\"5\"}",
            "{\"debtorAccountId\":\"x\",\"instructedAmount\":{\"amount\":\"NaN\",\"currency\":\"GBP\"}}", "{\"instructedAmount\":{\"amount\":5,\"currency\":\"GBP\"}}",
            new string('[', 5000), $"{{\"name\":\"{new string('x', 60_000)}\"}}",
        ];
        foreach (var route in Routes())
        {
            var path = Parameter().Replace(route.RoutePattern.RawText!, "pay_%01..%2F%F0%9F%92%A3");
            foreach (var method in MethodsOf(route).Where(method => method is not "GET" && route.RoutePattern.RawText != "/v1/session" && route.RoutePattern.RawText != "/v1/sessions"))
            {
                foreach (var body in bodies)
                {
                    foreach (var type in (string[])["application/json", "text/plain", "application/x-www-form-urlencoded"])
                    {
                        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, type) };
                        using var response = await http.SendAsync(request);
                        Assert.True((int)response.StatusCode < 500, $"{method} {path} {type} {body[..Math.Min(40, body.Length)]}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                        if ((int)response.StatusCode >= 400)
                        {
                            Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{method} {path} {type} {body[..Math.Min(40, body.Length)]}: {response}");
                            Assert.False(string.IsNullOrEmpty(await response.CodeAsync()));
                        }
                    }
                }
            }
        }
    }

    // No HTTP request target has such a path: the server ends the exchange before there is a request to answer with a problem.
    [Fact]
    public async Task Request_WhenItsTargetIsNoTarget_IsRefusedByTheServer()
    {
        using var http = world.Host.CreateClient();
        using var response = await http.GetAsync("v1/accounts/acc_%00");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Body_WhenTooLarge_Is413()
    {
        var customer = await world.CreateCustomerAsync();
        using var content = new StringContent($"{{\"name\":\"{new string('x', 1024 * 1024)}\"}}", Encoding.UTF8, "application/json");
        using var response = await customer.Http.PostAsync("v1/payees", content);
        Assert.Equal((413, ErrorCodes.MalformedRequest), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Theory]
    [InlineData("POST", "v1/accounts", 405)]
    [InlineData("TRACE", "v1/accounts", 405)]
    [InlineData("GET", "v1/nothing", 404)]
    [InlineData("GET", "metrics", 404)]
    public async Task Request_WhenNothingServesIt_AnswersAProblem(string method, string path, int status)
    {
        var customer = await world.CreateCustomerAsync();
        using var response = await SendAsync(customer.Http, method, path);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.False(string.IsNullOrEmpty(await response.CodeAsync()));
    }

    [Fact]
    public async Task Answer_WhateverItIs_IsNeitherCachedNorFramedNorSigned()
    {
        var customer = await world.CreateCustomerAsync();
        foreach (var path in (string[])["v1/accounts", "v1/accounts/acc_x", "v1/nothing", "health/live"])
        {
            using var response = await customer.Http.GetAsync(path);
            Assert.True(response.Headers.CacheControl?.NoStore, path);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.Contains("frame-ancestors 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.Empty(response.Headers.Server);
            Assert.False(response.Headers.Contains("X-Powered-By"));
        }
    }

    [Fact]
    public async Task Requests_WhenOneUserSendsTooMany_Are429()
    {
        await using var host = await ApiHost.StartAsync(world.Database, new Dictionary<string, string?> { ["Audit:Sealing"] = "false", ["RateLimits:User:Burst"] = "5", ["RateLimits:User:PerSecond"] = "1" });
        var user = await host.CreateCustomerAsync();
        using var http = await host.SignInAsync(user);
        var statuses = new List<int>();
        for (var i = 0; i < 12; i++)
        {
            using var response = await http.GetAsync("v1/accounts");
            statuses.Add((int)response.StatusCode);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Assert.Equal(ErrorCodes.TooManyRequests, await response.CodeAsync());
                Assert.NotNull(response.Headers.RetryAfter);
            }
        }

        Assert.Equal(200, statuses[0]);
        Assert.Contains(429, statuses);
    }

    [Fact]
    public async Task Request_WhenTheDatabaseIsGone_Is503WithoutDetail()
    {
        await using var host = await ApiHost.StartAsync(world.Database, new Dictionary<string, string?>
        {
            ["Audit:Sealing"] = "false",
            ["ConnectionStrings:Bank"] = "Host=127.0.0.1;Port=1;Database=none;Username=none;Timeout=2",
        });
        using var http = host.CreateClientWith("sbs_" + new string('a', 43));
        using var response = await http.GetAsync("v1/accounts");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal((503, ErrorCodes.Unavailable), ((int)response.StatusCode, await response.CodeAsync()));
        Assert.DoesNotContain("Npgsql", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        using var alive = await http.GetAsync("health/live");
        Assert.True(alive.IsSuccessStatusCode);
    }

    // SR-53, and the detail of a database error, which quotes rows, reaches neither the caller nor the log.
    [Fact]
    public async Task Request_WhenADependencyThrows_Is500WithoutDetailAndTheProcessLives()
    {
        await using var database = await ApiHost.CreateDatabaseAsync();
        await using var host = await ApiHost.StartAsync(database, new Dictionary<string, string?> { ["Audit:Sealing"] = "false" });
        await using (var connection = new NpgsqlConnection(database.SuperuserConnectionString))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(
                """
                create function identity.fail() returns trigger language plpgsql as $$
                begin raise exception 'secret inner workings' using detail = 'Failing row contains (Wilhelmina Oakheart).'; end $$;
                create trigger fail before insert on identity."authorization" for each row execute function identity.fail();
                """,
                connection);
            await command.ExecuteNonQueryAsync();
        }

        using var logs = LogCapture.Of(host);
        var user = await host.CreateCustomerAsync();
        using var http = await host.SignInAsync(user);
        using var content = new StringContent($$"""{"name":"Maya","iban":"{{Elsewhere}}"}""", Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("v1/payees", content);
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal((500, ErrorCodes.InternalError), ((int)response.StatusCode, await response.CodeAsync()));
        Assert.DoesNotContain("inner workings", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Oakheart", text, StringComparison.Ordinal);
        using var next = await http.GetAsync("v1/accounts");
        Assert.True(next.IsSuccessStatusCode);

        // The log says what failed, once as a request, and not with whose data.
        Assert.Contains("secret inner workings", logs.Text, StringComparison.Ordinal);
        Assert.Single(logs.Lines, line => line.Contains("A request failed", StringComparison.Ordinal));
        Assert.DoesNotContain("Oakheart", logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("unhandled", logs.Text, StringComparison.OrdinalIgnoreCase);
    }

    private async Task<Dictionary<string, string>> IdsOfAsync(Customer customer)
    {
        var payee = await customer.SavePayeeAsync("Maya Okafor", Elsewhere);
        var payment = await customer.Api.DraftPaymentAsync(
            new CreatePayment(customer.CurrentId, payee.Id, null, new Money(500, Currency.Gbp), "Lunch"), new CallContext { IdempotencyKey = "draft-1" });
        Assert.True(payment.Succeeded, payment.Problem?.ToString());
        var authorization = (await customer.Api.AddPayeeAsync(new CreatePayee("Other", Iban.Create("GB", "XXBK20202055555555"), null), CallContext.None)).Problem!.Text("authorizationId")!;
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["accounts"] = customer.CurrentId,
            ["transactions"] = (await customer.Api.ListTransactionsAsync(new TransactionsQuery(), CallContext.None)).Value!.Items[0].Id,
            ["payees"] = payee.Id,
            ["payments"] = payment.Value.Id,
            ["authorizations"] = authorization,
            ["sessions"] = (await customer.Api.GetSessionAsync(CallContext.None)).Value!.SessionId,
            ["passkeys"] = "AAAAAAAAAAAAAAAAAAAAAA",
        };
    }

    private async Task<string?> StateOfAsync(Customer customer) => await world.QueryAsync<string>(
        $"""
        select json_build_object(
            'sessions', (select count(*) from identity.session where user_id = {customer.User.Keys.UserId} and revoked_at is null),
            'payees', (select json_agg(y order by y.id) from payment.payee y where party_id = {customer.User.Keys.PartyId}),
            'payments', (select json_agg(m order by m.id) from payment.payment m where party_id = {customer.User.Keys.PartyId}),
            'authorizations', (select json_agg(json_build_array(z.id, z.state, z.failures) order by z.id) from identity."authorization" z where user_id = {customer.User.Keys.UserId}))::text
        """);

    private IEnumerable<RouteEndpoint> Routes() => world.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.RoutePattern.RawText?.StartsWith("/v1/", StringComparison.Ordinal) == true)
        .DistinctBy(route => (route.RoutePattern.RawText, string.Join(' ', MethodsOf(route))));

    private static IReadOnlyList<string> MethodsOf(RouteEndpoint route) => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    private static string NounBefore(string route, int index) => route[..index].Split('/', StringSplitOptions.RemoveEmptyEntries)[^1];

    // Ids that say whose; a device, a ceremony of one's own or a name for a conversation open nothing by themselves.
    private static bool IsForeignKey(string member) => member.EndsWith("Id", StringComparison.Ordinal) && member is not ("ceremonyId" or "conversationId");

    private static string NounOf(string member) => member switch
    {
        "authorizationId" => "authorizations",
        "payeeId" => "payees",
        _ when member.EndsWith("ccountId", StringComparison.Ordinal) => "accounts",
        _ => throw new NotSupportedException($"{member}: whose id is this?"),
    };

    private static JsonObject BodyOf(string schema, Dictionary<string, string> own) => schema switch
    {
        nameof(CreatePayee) => new() { ["name"] = "Maya", ["iban"] = Iban.Create("GB", "XXBK20202066666666") },
        nameof(RegisterPasskey) => new() { ["ceremonyId"] = new string('0', 32), ["credentialJson"] = """{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}""", ["name"] = "Phone" },
        nameof(CashMovement) => new() { ["accountIban"] = Elsewhere, ["amount"] = new JsonObject { ["amount"] = "1.00", ["currency"] = "GBP" } },
        nameof(CreatePayment) or nameof(AmendPayment) => new()
        {
            ["debtorAccountId"] = own["accounts"],
            ["payeeId"] = own["payees"],
            ["instructedAmount"] = new JsonObject { ["amount"] = "1.00", ["currency"] = "GBP" },
        },
        _ => throw new NotSupportedException($"{schema}: there is no example."),
    };

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST" or "PATCH" or "PUT")
        {
            request.Content = new StringContent(body ?? "{}", Encoding.UTF8, "application/json");
            request.Headers.Add(ApiHeaders.IdempotencyKey, "probe");
        }

        return await client.SendAsync(request);
    }

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}
