using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Banking.Api.Accounts;
using Banking.Api.Audit;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Ledger;
using Banking.Client;
using Microsoft.EntityFrameworkCore;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Demo;

/// <summary>
/// <c>seed-demo --logins FILE</c>: opens a demo bank with half a year of history, in development only. Nothing is written past the bank's own
/// rules: movements go through the posting path, and customers sign in, approve with their second factor and pay over HTTP, on a clock that
/// marches through the past. Each step has a key, so a run that was interrupted is taken up where it stopped; a bank that has customers of its own is left alone.
/// </summary>
internal static class SeedDemo
{
    private const string Started = "demo.seed.start";
    private const string Finished = "demo.seed.finish";
    private static readonly TimeSpan BetweenApprovals = TimeSpan.FromSeconds(47);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors, CancellationToken cancellationToken = default)
    {
        var clock = new DemoClock(DateTimeOffset.UnixEpoch);
        await using var app = BankingApi.Build(args, builder => Configure(builder, clock));
        if (!app.Environment.IsDevelopment())
        {
            await errors.WriteLineAsync("Demo data belongs to development: ASPNETCORE_ENVIRONMENT is not Development.");
            return 2;
        }

        if (app.Configuration["logins"] is not { Length: > 0 } file)
        {
            await errors.WriteLineAsync("seed-demo needs --logins FILE: where the generated logins are written.");
            return 2;
        }

        var calendar = app.Services.GetRequiredService<BankCalendar>();
        var now = TimeProvider.System.GetUtcNow();
        var (state, begun) = await ReadStateAsync(app.Services, cancellationToken);
        if (state is SeedState.Finished or SeedState.NotOurs)
        {
            await output.WriteLineAsync(state == SeedState.Finished ? "The demo bank is there already." : "The bank has customers of its own: no demo data.");
            return 0;
        }

        if (state == SeedState.Interrupted && !File.Exists(file))
        {
            await errors.WriteLineAsync($"An earlier seeding was interrupted and its logins are not in {file}: start with an empty database.");
            return 1;
        }

        var firstDay = begun is { } at ? calendar.DateOf(at) : calendar.DateOf(now).AddMonths(-6);
        clock.MoveTo(calendar.StartOf(firstDay).AddHours(9));
        var logins = state == SeedState.Interrupted ? await DemoLogins.ReadAsync(file, cancellationToken) : await CreateUsersAsync(app.Services, file, cancellationToken);
        await output.WriteLineAsync($"{logins.Count} people can sign in.");

        await app.StartAsync(cancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First() + "/") };
        BankingApiClient.AddClientCredential(http, "web", app.Configuration.Require("Clients:web:Secret"));
        var seeding = new Seeding(app.Services, clock, new BankingApiClient(http), logins.ToDictionary(login => login.User, StringComparer.Ordinal));
        try
        {
            await seeding.OpenAccountsAsync(cancellationToken);
            await output.WriteLineAsync($"{DemoPeople.Accounts.Count} accounts are open.");
            await seeding.SavePayeesAsync(cancellationToken);
            await output.WriteLineAsync($"{DemoPeople.Payees.Count} payees are saved.");
            foreach (var month in DemoPlan.Create(calendar, firstDay, now.AddMinutes(-20)).GroupBy(step => new DateOnly(calendar.DateOf(step.At).Year, calendar.DateOf(step.At).Month, 1)))
            {
                foreach (var step in month)
                {
                    await seeding.RunAsync(step, cancellationToken);
                }

                await output.WriteLineAsync($"{month.Key.ToString("MMMM yyyy", CultureInfo.InvariantCulture)}: {month.Count()} days' events are in the books.");
            }

            await FinishAsync(app.Services, clock, now, cancellationToken);
        }
        catch (DemoException fault)
        {
            await errors.WriteLineAsync($"The demo bank could not be completed: {fault.Message}");
            return 1;
        }

        await output.WriteLineAsync($"The demo bank is ready: {seeding.Movements} movements, {seeding.Payments} payments.");
        await app.StopAsync(cancellationToken);
        return 0;
    }

    private static void Configure(WebApplicationBuilder builder, DemoClock clock)
    {
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var settings = new Dictionary<string, string?>
        {
            // Nobody listens to the past, and nobody hurries it.
            ["RateLimits:User:Burst"] = "100000",
            ["RateLimits:User:PerSecond"] = "100000",
            ["RateLimits:Address:Burst"] = "100000",
            ["RateLimits:Address:PerSecond"] = "100000",
            ["Logging:LogLevel:Default"] = "Warning",
        };
        foreach (var endpoint in builder.Configuration.GetSection("Events:Endpoints").GetChildren())
        {
            settings[endpoint.Path] = "";
        }

        builder.Configuration.AddInMemoryCollection(settings);
    }

    private enum SeedState
    {
        Empty,
        Interrupted,
        Finished,
        NotOurs,
    }

    private static async Task<(SeedState State, DateTimeOffset? Begun)> ReadStateAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
        var begun = await db.Set<AuditEvent>().Where(row => row.Action == Started).Select(row => (DateTimeOffset?)row.OccurredAt).FirstOrDefaultAsync(cancellationToken);
        if (begun is null)
        {
            return (await db.Set<Party>().AnyAsync(cancellationToken) ? SeedState.NotOurs : SeedState.Empty, null);
        }

        return (await db.Set<AuditEvent>().AnyAsync(row => row.Action == Finished, cancellationToken) ? SeedState.Finished : SeedState.Interrupted, begun);
    }

    // The logins are on disk before the users are in the database: whatever happens in between, nobody exists whose password is lost.
    private static async Task<IReadOnlyList<DemoLogin>> CreateUsersAsync(IServiceProvider services, string file, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
        var admin = scope.ServiceProvider.GetRequiredService<IIdentityAdmin>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var logins = new List<DemoLogin>();
        foreach (var person in DemoPeople.All)
        {
            var login = DemoLogins.Create(person);
            var outcome = await admin.CreateUserAsync(
                db, new NewUser(person.UserName, person.DisplayName, login.Password, [person.Role], Base32.Decode(login.TotpSecret)), cancellationToken);
            if (outcome is not CreateUserOutcome.Created)
            {
                throw new DemoException($"user {person.UserName} was refused ({outcome.GetType().Name}).");
            }

            logins.Add(login);
        }

        db.Add(AuditEvent.Create(scope.ServiceProvider.GetRequiredService<TimeProvider>().GetUtcNow(), "system", null, Started, null, "ok"));
        await db.SaveChangesAsync(cancellationToken);
        await DemoLogins.WriteAsync(file, logins, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return logins;
    }

    private static async Task FinishAsync(IServiceProvider services, DemoClock clock, DateTimeOffset now, CancellationToken cancellationToken)
    {
        clock.MoveTo(now);
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
        // The past is not news: what the demo's events would tell, nobody asked in time.
        await db.Set<Events.OutboxEvent>().Where(row => row.DeliveredAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(outbox => outbox.DeliveredAt, outbox => outbox.OccurredAt), cancellationToken);
        db.Add(AuditEvent.Create(clock.GetUtcNow(), "system", null, Finished, null, "ok"));
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>One run through the plan.</summary>
    private sealed class Seeding(IServiceProvider services, DemoClock clock, BankingApiClient bank, IReadOnlyDictionary<string, DemoLogin> logins)
    {
        private readonly Dictionary<string, OpenedAccount> _accounts = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Dictionary<string, string>> _payees = new(StringComparer.Ordinal);

        public int Movements { get; private set; }

        public int Payments { get; private set; }

        public async Task OpenAccountsAsync(CancellationToken cancellationToken)
        {
            await using var scope = services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<BankDbContext>();
            var ledger = scope.ServiceProvider.GetRequiredService<ILedgerAdmin>();
            var parties = await db.Users.ToDictionaryAsync(user => user.UserName!, user => user.PartyId, StringComparer.Ordinal, cancellationToken);
            foreach (var account in DemoPeople.Accounts)
            {
                clock.Pass(TimeSpan.FromMinutes(3));
                var holders = account.Holders.Select((holder, index) => (parties[holder], index == 0 ? "owner" : "co_owner")).ToList();
                var owner = holders[0].Item1;
                var open = await db.Set<HeldAccount>().SingleOrDefaultAsync(held => held.PartyId == owner && held.Role == "owner" && held.Name == account.Name, cancellationToken);
                _accounts[account.Key] = open is not null
                    ? new OpenedAccount(open.Id, open.PublicId, open.Iban)
                    : await ledger.OpenAccountAsync(
                        new OpenAccount(holders, account.Type, Currency.Gbp, account.Name, Pounds(account.OverdraftAmount).MinorUnits, clock.GetUtcNow()), cancellationToken);
                await MoveAsync(
                    new DemoStep.Move(clock.GetUtcNow(), $"demo-opening-{account.Key}", account.Key, MovementKind.Opening, Pounds(account.OpeningAmount), "Transfer from previous bank", "income", "Opening balance"),
                    cancellationToken);
            }
        }

        public async Task SavePayeesAsync(CancellationToken cancellationToken)
        {
            foreach (var group in DemoPeople.Payees.GroupBy(payee => payee.Customer, StringComparer.Ordinal))
            {
                clock.Pass(TimeSpan.FromMinutes(20));
                var call = await SignInAsync(group.Key, cancellationToken);
                foreach (var payee in group)
                {
                    var request = new CreatePayee(payee.Name, payee.Iban ?? _accounts[payee.AccountKey!].Iban, null);
                    var answer = await bank.AddPayeeAsync(request, call, cancellationToken);
                    if (answer.Problem?.Code == ErrorCodes.InsufficientUserAuthentication)
                    {
                        var authorization = answer.Problem.Text("authorizationId")!;
                        await ApproveAsync(group.Key, authorization, call, cancellationToken);
                        answer = await bank.AddPayeeAsync(request with { AuthorizationId = authorization }, call, cancellationToken);
                    }

                    if (answer.Problem is { Code: not ErrorCodes.PayeeExists } problem)
                    {
                        throw new DemoException($"payee {payee.Name} of {group.Key}: {problem.Code}.");
                    }
                }

                var saved = Must(await bank.ListPayeesAsync(call, cancellationToken), "payees");
                _payees[group.Key] = saved.ToDictionary(payee => payee.Name, payee => payee.Id, StringComparer.Ordinal);
                Must(await bank.SignOutAsync(call, cancellationToken), "sign-out");
            }
        }

        public async Task RunAsync(DemoStep step, CancellationToken cancellationToken)
        {
            clock.MoveTo(step.At);
            switch (step)
            {
                case DemoStep.Move move: await MoveAsync(move, cancellationToken); break;
                case DemoStep.Sitting sitting: await SitAsync(sitting, cancellationToken); break;
            }
        }

        private async Task MoveAsync(DemoStep.Move move, CancellationToken cancellationToken)
        {
            var outcome = await services.GetRequiredService<IPostingWriter>().PostMovementAsync(
                new Movement(move.Kind, _accounts[move.Account].Iban, move.Amount, move.Counterparty, move.Category)
                {
                    Reference = move.Reference,
                    IdempotencyKey = move.Key,
                    At = clock.GetUtcNow(),
                },
                cancellationToken);
            if (outcome.Problem is { } problem)
            {
                throw new DemoException($"{move.Counterparty} on {move.At:yyyy-MM-dd}: {problem.Code}.");
            }

            Movements++;
        }

        private async Task SitAsync(DemoStep.Sitting sitting, CancellationToken cancellationToken)
        {
            var call = await SignInAsync(sitting.Customer, cancellationToken);
            foreach (var (index, payment) in sitting.Payments.Index())
            {
                await PayAsync(sitting.Customer, payment, $"{sitting.Key}-{index}", call, cancellationToken);
            }

            Must(await bank.SignOutAsync(call, cancellationToken), "sign-out");
        }

        private async Task PayAsync(string customer, DemoPayment payment, string key, CallContext call, CancellationToken cancellationToken)
        {
            clock.Pass(TimeSpan.FromSeconds(20));
            var request = new CreatePayment(
                PublicId.Format(PublicId.Account, _accounts[payment.FromAccount].PublicId),
                payment.Payee is null ? null : _payees[customer][payment.Payee],
                payment.ToAccount is null ? null : PublicId.Format(PublicId.Account, _accounts[payment.ToAccount].PublicId),
                payment.Amount,
                payment.Reference);
            var draft = Must(await bank.DraftPaymentAsync(request, call with { IdempotencyKey = key }, cancellationToken), $"draft {key}");
            var current = Must(await bank.GetPaymentAsync(draft.Id, call, cancellationToken), $"payment {key}");
            if (current.State is "executed" or "cancelled" or "rejected")
            {
                return;
            }

            if (current.State != "held")
            {
                var submitted = Must(await bank.SubmitPaymentAsync(draft.Id, call, cancellationToken), $"submit {key}");
                await ApproveAsync(customer, submitted.AuthorizationId!, call, cancellationToken);
                current = Must(await bank.ExecutePaymentAsync(draft.Id, call with { IdempotencyKey = $"{key}-x" }, cancellationToken), $"execute {key}");
            }

            switch (current.State)
            {
                case "executed":
                    Payments++;
                    break;
                case "held":
                    // Nobody reviews the demo's past: the customer thinks better of it.
                    Must(await bank.CancelPaymentAsync(draft.Id, call, cancellationToken), $"cancel {key}");
                    break;
                default:
                    throw new DemoException($"payment {key} ended as {current.State} ({current.FailureCode}).");
            }
        }

        private async Task<CallContext> SignInAsync(string customer, CancellationToken cancellationToken)
        {
            clock.Pass(BetweenApprovals);
            var login = logins[customer];
            // The customer's own laptop, the same each time.
            var device = new DeviceInfo(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"demo device of {customer}")))[..32], "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "127.0.0.1");
            var second = Must(await bank.SignInWithPasswordAsync(new PasswordSignIn(customer, login.Password, device), cancellationToken), $"sign-in of {customer}");
            var signedIn = Must(await bank.SignInWithTotpAsync(new TotpSignIn(second.Ticket, login.CodeAt(clock.GetUtcNow())), cancellationToken), $"second factor of {customer}");
            return new CallContext { AccessToken = signedIn.AccessToken };
        }

        private async Task ApproveAsync(string customer, string authorizationId, CallContext call, CancellationToken cancellationToken)
        {
            // A code works once, so the next approval takes the next code.
            clock.Pass(BetweenApprovals);
            Must(
                await bank.ApproveAsync(authorizationId, new ApproveAuthorization("totp", logins[customer].CodeAt(clock.GetUtcNow()), null), call, cancellationToken),
                $"approval by {customer}");
        }

        private static Money Pounds(string amount) =>
            Money.TryParse(amount, Currency.Gbp.Code, out var money) == MoneyFault.None ? money : throw new DemoException($"'{amount}' is no amount.");

        private static T Must<T>(ApiResult<T> result, string what) => result.Succeeded ? result.Value : throw new DemoException($"{what}: {result.Problem.Code} ({result.Problem.Title})");
    }

    private sealed class DemoException(string message) : Exception(message);
}
