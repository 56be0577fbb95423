using System.Net;
using Banking.Api.Identity;
using Banking.Api.Tests.Hosting;
using Banking.Api.Tests.Payments;
using Banking.Client;
using Npgsql;

namespace Banking.Api.Tests.Audit;

/// <summary>One customer's day, and what it leaves behind: everything in the trail, nothing about the customer in the log.</summary>
public sealed class JourneyTrailTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Payee = "Wilhelmina Oakheart";
    private const string Reference = "Rent of the boathouse";

    // SR-49, SR-44
    [Fact]
    public async Task Journey_FromSignInToSignOut_LeavesEveryEventAndNoPersonalData()
    {
        await using var bank = await PaymentBank.OpenAsync(new() { ["Audit:Sealing"] = "false", ["Logging:LogLevel:Default"] = "Information", ["Logging:LogLevel:Banking"] = "Trace" });
        using var logs = LogCapture.Of(bank.Host);
        var customer = await bank.CustomerAsync(1_000_000);
        var (user, http, api) = (customer.User, customer.Http, new BankingApiClient(customer.Http));
        http.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        var iban = Iban.Create("GB", "XXBK20202041234567");

        // A payee, with its approval.
        var wanted = new CreatePayee(Payee, iban, null);
        var challenge = (await api.AddPayeeAsync(wanted, CallContext.None)).Problem!.Text("authorizationId")!;
        await bank.Host.ApproveWithTotpAsync(http, user, challenge);
        var payee = (await api.AddPayeeAsync(wanted with { AuthorizationId = challenge }, CallContext.None)).Value!;

        // The assistant drafts, and tries what it may not.
        var grant = (await api.CreateDelegationGrantAsync(new CreateDelegationGrant("conv-7"), CallContext.None)).Value!;
        using var assistantClient = bank.Host.CreateClientOf("assistant");
        var token = (await new BankingApiClient(assistantClient).RedeemGrantAsync(grant.Grant)).Value!;
        using var assistantHttp = bank.Host.CreateClientWith(token.AccessToken);
        var call = new CallContext { IdempotencyKey = "draft", ConversationId = "conv-7", TurnId = "turn-1", ToolCallId = "call-1" };
        var assistant = new BankingApiClient(assistantHttp);
        var payment = (await assistant.DraftPaymentAsync(
            new CreatePayment(PublicId.Format(PublicId.Account, customer.Current.PublicId), payee.Id, null, new Money(5_000, Currency.Gbp), Reference), call)).Value!;
        Assert.Equal(403, (await assistant.SubmitPaymentAsync(payment.Id, call with { IdempotencyKey = null })).Problem?.Status);
        Assert.True((await assistant.GetPaymentAsync(payment.Id, call with { IdempotencyKey = null })).Succeeded);

        // The customer approves at the second attempt, executes, and leaves.
        var submitted = await bank.SubmitAsync(customer, payment.Id);
        Assert.Equal(ErrorCodes.FactorFailed, (await api.ApproveAsync(submitted.AuthorizationId!, new("totp", "000000", null), CallContext.None)).Problem?.Code);
        await bank.Host.ApproveWithTotpAsync(http, user, submitted.AuthorizationId!);
        using (var executed = await bank.ExecuteAsync(customer, payment.Id, "execute"))
        {
            Assert.Equal("executed", (await PaymentBank.PaymentOf(executed)).State);
        }

        using (var ended = await http.DeleteAsync("v1/session"))
        {
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        }

        using (var late = await http.GetAsync("v1/accounts"))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        }

        var session = token.SessionId;
        var (me, bot) = (user.Id, "client:assistant");
        (string Actor, string? OnBehalf, string Action, string? Subject, string Outcome)[] expected =
        [
            ("system", null, "user.create", me, "ok"),
            (me, null, "sign_in.password", null, "ok"),
            (me, null, "sign_in.totp", null, "ok"),
            (me, null, "session.open", session, "ok"),
            (me, null, "authorization.request", challenge, "ok"),
            (me, null, "authorization.approve", challenge, "ok"),
            (me, null, "payee.create", payee.Id, "ok"),
            (me, null, "delegation.grant", session, "ok"),
            (bot, me, "delegation.token", session, "ok"),
            (bot, me, "payment.draft", payment.Id, "ok"),
            (bot, me, "access.deny", null, ErrorCodes.Forbidden),
            (bot, me, "payment.read", payment.Id, "ok"),
            (me, null, "payment.submit", payment.Id, "ok"),
            (me, null, "authorization.request", submitted.AuthorizationId, "ok"),
            (me, null, "authorization.approve", submitted.AuthorizationId, ErrorCodes.FactorFailed),
            (me, null, "authorization.approve", submitted.AuthorizationId, "ok"),
            (me, null, "payment.approve", payment.Id, "ok"),
            (me, null, "payment.execute", payment.Id, "ok"),
            (me, null, "session.end", session, "ok"),
        ];
        var trail = await TrailAsync(bank, me);
        Assert.Equal(
            expected.Select(entry => entry.ToString()).Order(StringComparer.Ordinal),
            trail.Select(entry => (entry.Actor, entry.OnBehalf, entry.Action, entry.Subject, entry.Outcome).ToString()).Order(StringComparer.Ordinal));

        // What was done over HTTP names its request; the customer's calls carried one trace through.
        Assert.All(trail.Where(entry => entry.Action != "user.create"), entry => Assert.Matches("^[0-9a-f]{32}$", entry.Correlation ?? ""));
        Assert.All(
            trail.Where(entry => entry.Actor == me && !entry.Action.StartsWith("sign_in", StringComparison.Ordinal) && entry.Action != "session.open"),
            entry => Assert.Equal((entry.Action, Trace), (entry.Action, entry.Correlation)));
        Assert.All(
            trail.Where(entry => entry.Actor == bot && entry.Action.StartsWith("payment.", StringComparison.Ordinal)),
            entry => Assert.Equal("""{"conversation":"conv-7","toolCall":"call-1","turn":"turn-1"}""", entry.Details));

        // Neither log nor trail holds who they are, what they know, or whom they pay.
        string[] secrets =
        [
            user.UserName, user.Password, Base32.Encode(user.TotpSecret), Payee, Reference, iban, customer.Current.Iban, customer.Savings.Iban, Iban.Print(iban),
            http.DefaultRequestHeaders.Authorization!.Parameter!, token.AccessToken, grant.Grant, "Riverside Plumbing", "192.0.2.1", ApiHost.ClientSecretOf("assistant"),
        ];
        Assert.NotEmpty(logs.Lines);
        var kept = logs.Text + string.Join('\n', trail.Select(entry => entry.Details));
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, kept, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotMatch("GB[0-9]{2}[A-Z]{4}[0-9]{14}", kept);
        Assert.DoesNotMatch("sb[sdg]_[A-Za-z0-9_-]{20}", kept);
    }

    private static async Task<List<(string Actor, string? OnBehalf, string Action, string? Subject, string Outcome, string? Correlation, string Details)>> TrailAsync(PaymentBank bank, string user)
    {
        await using var connection = new NpgsqlConnection(bank.Database.SuperuserConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "select actor, on_behalf, action, subject, outcome, correlation, details from audit.event where $1 in (actor, on_behalf, subject) order by id", connection)
        {
            Parameters = { new() { Value = user } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(string, string?, string, string?, string, string?, string)>();
        while (await reader.ReadAsync())
        {
            rows.Add((
                reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetString(4),
                reader.IsDBNull(5) ? null : reader.GetString(5), reader.GetString(6)));
        }

        return rows;
    }
}
