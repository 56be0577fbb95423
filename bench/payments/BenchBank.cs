using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using AppHost.Postgres;
using Banking.Api;
using Banking.Api.Authorizations;
using Banking.Client;
using Npgsql;
using NpgsqlTypes;
using SecureBank.ServiceDefaults;

namespace PaymentsBench;

/// <summary>An approved payment and whose token executes it.</summary>
internal sealed record ReadyPayment(Guid Id, int Customer);

/// <summary>
/// The bank under load: a PostgreSQL server of its own with default durability, the API as a process of its own, and customers with
/// accounts, sessions, payees and approved payments, made directly as rows.
/// </summary>
internal sealed class BenchBank : IAsyncDisposable
{
    /// <summary>The one payee who receives half of all payments under hot load.</summary>
    private const int HotCustomer = 0;

    private readonly PostgresCluster _cluster;
    private readonly PostgresWatchdog _watchdog;
    private readonly Process _api;
    private readonly int _postmaster;
    private readonly long _firstKey;
    private readonly string[] _ibans;
    private readonly long[] _sessions;

    private BenchBank(PostgresCluster cluster, PostgresWatchdog watchdog, Process api, int port, string owner, string[] tokens, string[] ibans, long[] sessions, long firstKey)
    {
        (_cluster, _watchdog, _api, Port, Owner) = (cluster, watchdog, api, port, owner);
        (Tokens, _ibans, _sessions, _firstKey) = (tokens, ibans, sessions, firstKey);
        _postmaster = int.Parse(File.ReadLines(Path.Combine(cluster.Folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);
    }

    /// <summary>Where the API listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Connection string of the database's owner.</summary>
    public string Owner { get; }

    /// <summary>Session token per customer.</summary>
    public string[] Tokens { get; }

    public static async Task<BenchBank> StartAsync(BenchOptions options)
    {
        var root = FindRoot();
        var folder = await PostgresCluster.LocateAsync(Path.Combine(root, "artifacts", "bench-postgres"));
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine("Starting PostgreSQL with default durability");
        var watchdog = await PostgresWatchdog.StartAsync(folder);
        // Only memory is set, as for any server of a purpose; fsync, synchronous_commit and full_page_writes stay as they are.
        var cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions
        {
            Folder = folder,
            SuperuserPassword = RandomNumberGenerator.GetHexString(32, lowercase: true),
            Settings = new Dictionary<string, string> { ["shared_buffers"] = "512MB", ["max_wal_size"] = "4GB", ["checkpoint_timeout"] = "15min", ["track_functions"] = "pl" },
        });
        var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        await DatabaseLayout.CreateRolesAsync(cluster, DatabaseLayout.Bank.Roles.Select(role => new DatabaseRole(role, password)));
        await DatabaseLayout.Bank.CreateDatabaseAsync(cluster);
        var owner = cluster.ConnectionString("bank", "bank_owner", password);
        await BankingApi.ApplyMigrationsAsync(owner, "bank_app");

        Console.WriteLine($"Making {options.Customers.ToString("N0", CultureInfo.InvariantCulture)} customers");
        var master = RandomNumberGenerator.GetBytes(32);
        var (tokens, ibans, sessions, firstKey) = await SeedAsync(owner, master, options.Customers);
        await InitializePeerAsync(cluster);

        var port = FreePort();
        var api = StartApi(root, port, cluster.ConnectionString("bank", "bank_app", password), master);
        await WaitUntilReadyAsync(port, api);
        return new BenchBank(cluster, watchdog, api, port, owner, tokens, ibans, sessions, firstKey);
    }

    /// <summary>Makes approved payments from customers in turn: to customers at random, or half of them to one.</summary>
    public async Task<List<ReadyPayment>> PrepareAsync(int count, bool hot, int seed)
    {
        var random = new Random(seed);
        var now = TimeProvider.System.GetUtcNow();
        var ready = new List<ReadyPayment>(count);
        await using var connection = new NpgsqlConnection(Owner);
        await connection.OpenAsync();
        var first = await ScalarAsync<long>(connection, "select coalesce(max(id), 0) + 1 from payment.payment");
        var payments = new List<(long Id, Guid PublicId, int From, int To, long Amount, byte[] Hash)>(count);
        for (var i = 0; i < count; i++)
        {
            var from = 1 + ((seed * 7919) + i) % (Tokens.Length - 1);
            var to = hot && i % 2 == 0 ? HotCustomer : PayeeOf(from, Tokens.Length);
            var id = Guid.CreateVersion7(now);
            var amount = random.Next(100, 2_000);
            // The canonical details of Payments/PaymentDetails.cs.
            var details = new System.Text.Json.Nodes.JsonObject
            {
                ["type"] = AuthorizationTypes.PaymentInitiation,
                ["paymentId"] = PublicId.Format(PublicId.Payment, id),
                ["instructedAmount"] = new System.Text.Json.Nodes.JsonObject { ["amount"] = new Money(amount, Currency.Gbp).Amount, ["currency"] = "GBP" },
                ["debtorAccount"] = new System.Text.Json.Nodes.JsonObject { ["iban"] = _ibans[from], ["name"] = "Current account" },
                ["creditorName"] = "A payee",
                ["creditorAccount"] = new System.Text.Json.Nodes.JsonObject { ["iban"] = _ibans[to] },
                ["remittanceInformation"] = "Invoice",
            };
            payments.Add((first + i, id, from, to, amount, CanonicalJson.Hash(details)));
            ready.Add(new ReadyPayment(id, from));
        }

        await using (var rows = await connection.BeginBinaryImportAsync(
            """
            copy payment.payment (id, public_id, party_id, user_id, debtor_account_id, payee_id, creditor_name, creditor_iban, amount, currency, remittance, channel, state, created_at, updated_at, expires_at)
            from stdin (format binary)
            """))
        {
            foreach (var payment in payments)
            {
                await rows.StartRowAsync();
                await rows.WriteAsync(payment.Id, NpgsqlDbType.Bigint);
                await rows.WriteAsync(payment.PublicId, NpgsqlDbType.Uuid);
                await rows.WriteAsync(_firstKey + payment.From, NpgsqlDbType.Bigint);
                await rows.WriteAsync(_firstKey + payment.From, NpgsqlDbType.Bigint);
                await rows.WriteAsync(_firstKey + payment.From, NpgsqlDbType.Bigint);
                await rows.WriteAsync(payment.To == HotCustomer ? _firstKey + Tokens.Length + payment.From : _firstKey + payment.From, NpgsqlDbType.Bigint);
                await rows.WriteAsync("A payee", NpgsqlDbType.Text);
                await rows.WriteAsync(_ibans[payment.To], NpgsqlDbType.Text);
                await rows.WriteAsync(payment.Amount, NpgsqlDbType.Bigint);
                await rows.WriteAsync("GBP", NpgsqlDbType.Text);
                await rows.WriteAsync("Invoice", NpgsqlDbType.Text);
                await rows.WriteAsync("web", NpgsqlDbType.Text);
                await rows.WriteAsync("approved", NpgsqlDbType.Text);
                await rows.WriteAsync(now, NpgsqlDbType.TimestampTz);
                await rows.WriteAsync(now, NpgsqlDbType.TimestampTz);
                await rows.WriteAsync(now.AddHours(12), NpgsqlDbType.TimestampTz);
            }

            await rows.CompleteAsync();
        }

        await using (var rows = await connection.BeginBinaryImportAsync(
            """
            copy identity."authorization" (public_id, user_id, session_id, type, subject_id, details, details_hash, acr_values, state, method, created_at, expires_at, approved_at)
            from stdin (format binary)
            """))
        {
            foreach (var payment in payments)
            {
                await rows.StartRowAsync();
                await rows.WriteAsync(Guid.CreateVersion7(now), NpgsqlDbType.Uuid);
                await rows.WriteAsync(_firstKey + payment.From, NpgsqlDbType.Bigint);
                await rows.WriteAsync(_sessions[payment.From], NpgsqlDbType.Bigint);
                await rows.WriteAsync(AuthorizationTypes.PaymentInitiation, NpgsqlDbType.Text);
                await rows.WriteAsync(payment.Id, NpgsqlDbType.Bigint);
                await rows.WriteAsync("{}", NpgsqlDbType.Jsonb);
                await rows.WriteAsync(payment.Hash, NpgsqlDbType.Bytea);
                await rows.WriteAsync(AcrValues.Mfa, NpgsqlDbType.Text);
                await rows.WriteAsync("approved", NpgsqlDbType.Text);
                await rows.WriteAsync("totp", NpgsqlDbType.Text);
                await rows.WriteAsync(now, NpgsqlDbType.TimestampTz);
                await rows.WriteAsync(now.AddHours(12), NpgsqlDbType.TimestampTz);
                await rows.WriteAsync(now, NpgsqlDbType.TimestampTz);
            }

            await rows.CompleteAsync();
        }

        await ExecuteAsync(connection, "select setval(pg_get_serial_sequence('payment.payment', 'id'), (select max(id) from payment.payment)); analyze payment.payment; analyze identity.\"authorization\"");
        return ready;
    }

    /// <summary>TPC-B of pgbench for some seconds: transactions per second, and how many there were.</summary>
    public async Task<(double PerSecond, long Transactions)> RunPeerAsync(double seconds)
    {
        var output = await PgbenchAsync(_cluster, "-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", Math.Max(1, (int)Math.Round(seconds)).ToString(CultureInfo.InvariantCulture), "peer");
        return (double.Parse(Find("tps = "), CultureInfo.InvariantCulture), long.Parse(Find("number of transactions actually processed: "), CultureInfo.InvariantCulture));

        string Find(string label) => output.Split('\n').First(text => text.StartsWith(label, StringComparison.Ordinal))[label.Length..].Split(' ', '/')[0];
    }

    /// <summary>A transfer as one function call (two balances, two postings, one commit) for some seconds; latency of each in milliseconds.</summary>
    public async Task<List<double>> RunFunctionPeerAsync(int clients, double seconds)
    {
        var folder = Directory.CreateTempSubdirectory("payments-bench-");
        try
        {
            var script = Path.Combine(folder.FullName, "transfer.sql");
            await File.WriteAllTextAsync(script, "\\set a random(1, 1000000)\n\\set b random(1, 1000000)\n\\set amount random(1, 5000)\nselect transfer(:a, :b, :amount);\n");
            await PgbenchAsync(
                _cluster, "-n", "-M", "prepared", "-c", clients.ToString(CultureInfo.InvariantCulture), "-j", clients > 1 ? "2" : "1",
                "-T", Math.Max(1, (int)Math.Round(seconds)).ToString(CultureInfo.InvariantCulture), "-f", script, "-l", "--log-prefix", Path.Combine(folder.FullName, "log"), "peer");
            // client, transaction, microseconds, script, epoch, ...
            return [.. folder.EnumerateFiles("log*").SelectMany(file => File.ReadLines(file.FullName)).Select(line => double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture) / 1000)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Owner);
        await connection.OpenAsync();
        return await ScalarAsync<long>(connection, sql);
    }

    /// <summary>Calls of the posting function and its mean time: where a batch's time goes inside the database.</summary>
    public async Task<(long Calls, double MeanMs)> PostingFunctionAsync()
    {
        await using var connection = new NpgsqlConnection(Owner);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select calls, total_time / calls from pg_stat_user_functions where funcname = 'post_batch'", connection);
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetInt64(0), row.GetDouble(1)) : (0, 0);
    }

    /// <summary>Processor time used so far.</summary>
    public ProcessorTimes Processors => ProcessorTimes.Read(_api, _postmaster);

    public async ValueTask DisposeAsync()
    {
        _api.StandardInput.Close();
        await _api.WaitForExitAsync();
        _api.Dispose();
        NpgsqlConnection.ClearAllPools();
        await _cluster.StopAsync();
        await _watchdog.DisposeAsync();
        Directory.Delete(_cluster.Folder, recursive: true);
    }

    // A customer always pays the same person, as people do.
    private static int PayeeOf(int customer, int customers)
    {
        var payee = 1 + (int)((customer * 2_654_435_761L) % (customers - 1));
        return payee != customer ? payee : 1 + (payee % (customers - 1));
    }

    private static async Task<(string[] Tokens, string[] Ibans, long[] Sessions, long FirstKey)> SeedAsync(string owner, byte[] master, int customers)
    {
        using var cipher = new ColumnCipher(master);
        var name = cipher.Encrypt("A customer", "identity.party.name");
        var tokens = new string[customers];
        var hashes = new byte[customers][];
        var ibans = new string[customers];
        for (var i = 0; i < customers; i++)
        {
            tokens[i] = "sbs_" + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            hashes[i] = SHA256.HashData(Encoding.ASCII.GetBytes(tokens[i]));
            ibans[i] = Iban.Create("GB", "SBNK990001" + (20_000_000 + i).ToString("D8", CultureInfo.InvariantCulture));
        }

        await using var connection = new NpgsqlConnection(owner + ";Command Timeout=600");
        await connection.OpenAsync();
        // One key for a customer's party, user and account makes the rows easy to point at.
        const long firstKey = 1_000;
        await using (var parties = new NpgsqlCommand(
            """
            insert into identity.party (id, public_id, kind, name_cipher, created_at) overriding system value
            select $1 + i, gen_random_uuid(), 'person', $3, now() - interval '3 years' from generate_series(0, $2 - 1) i;
            """,
            connection))
        {
            parties.Parameters.Add(new() { Value = firstKey });
            parties.Parameters.Add(new() { Value = (long)customers });
            parties.Parameters.Add(new() { Value = name });
            await parties.ExecuteNonQueryAsync();
        }

        await ExecuteAsync(
            connection,
            $"""
            insert into identity."user" (id, public_id, party_id, user_name, normalized_user_name, created_at)
            select id, gen_random_uuid(), id, 'user' || id, 'USER' || id, created_at from identity.party where id >= {firstKey};
            insert into identity.user_role (user_id, role_id) select u.id, r.id from identity."user" u, identity.role r where r.name = 'customer' and u.id >= {firstKey};
            insert into identity.device (id, user_id, device_hash, first_seen_at, last_seen_at) overriding system value
            select id, id, sha256(id::text::bytea), now() - interval '2 years', now() from identity."user" where id >= {firstKey};
            """);
        await using (var rows = new NpgsqlCommand(
            """
            insert into identity.session (id, public_id, user_id, device_id, token_hash, acr, amr, auth_time, created_at, last_seen_at, expires_at) overriding system value
            select $1 + x.n - 1, gen_random_uuid(), $1 + x.n - 1, $1 + x.n - 1, x.hash, 'urn:securebank:acr:mfa', '{pwd,otp}', now() - interval '20 minutes', now() - interval '20 minutes',
                   -- Already noted as active for the length of the run.
                   now() + interval '2 hours', now() + interval '10 hours'
            from unnest($2) with ordinality x (hash, n)
            """,
            connection))
        {
            rows.Parameters.Add(new() { Value = firstKey });
            rows.Parameters.Add(new() { Value = hashes });
            await rows.ExecuteNonQueryAsync();
        }

        await using (var rows = new NpgsqlCommand(
            """
            insert into ledger.account (id, public_id, iban, name, type, currency, balance, opened_at) overriding system value
            select $1 + x.n - 1, gen_random_uuid(), x.iban, 'Current account', 'current', 'GBP', 10000000, now() - interval '3 years' from unnest($2) with ordinality x (iban, n)
            """,
            connection))
        {
            rows.Parameters.Add(new() { Value = firstKey });
            rows.Parameters.Add(new() { Value = ibans });
            await rows.ExecuteNonQueryAsync();
        }

        await using (var rows = new NpgsqlCommand(
            """
            insert into payment.payee (id, public_id, party_id, name, iban, created_at, payments_count) overriding system value
            select $1 + x.n - 1, gen_random_uuid(), $1 + x.n - 1, 'A payee', x.iban, now() - interval '2 years', 40 from unnest($2) with ordinality x (iban, n)
            """,
            connection))
        {
            rows.Parameters.Add(new() { Value = firstKey });
            rows.Parameters.Add(new() { Value = Enumerable.Range(0, customers).Select(i => i == 0 ? ibans[1] : ibans[PayeeOf(i, customers)]).ToArray() });
            await rows.ExecuteNonQueryAsync();
        }

        // The payee everybody has under hot load; and opening balances as postings, so that balances are sums.
        await ExecuteAsync(
            connection,
            $"""
            insert into ledger.account_holder (account_id, party_id, role) select id, id, 'owner' from ledger.account where id >= {firstKey};
            insert into payment.payee (id, public_id, party_id, name, iban, created_at, payments_count) overriding system value
            select {firstKey + customers} + i, gen_random_uuid(), {firstKey} + i, 'A payee', '{ibans[HotCustomer]}', now() - interval '2 years', 40 from generate_series(1, {customers - 1}) i
            on conflict do nothing;
            insert into ledger.journal_entry (id, public_id, kind, booking_date, value_date, posted_at) overriding system value values (nextval('ledger.journal_entry_id_seq'), gen_random_uuid(), 'opening', current_date - 1, current_date - 1, now());
            insert into ledger.posting (public_id, entry_id, account_id, amount, currency, balance_after, booking_date, counterparty, category)
            select gen_random_uuid(), (select max(id) from ledger.journal_entry), a.id, a.amount, 'GBP', a.amount, current_date - 1, 'Opening', 'income'
            from (select id, balance as amount from ledger.account where id >= {firstKey}
                  union all select (select id from ledger.account where type = 'suspense'), -sum(balance) from ledger.account where id >= {firstKey}) a;
            update ledger.account set balance = (select -sum(balance) from ledger.account where id >= {firstKey}) where type = 'suspense';
            """);
        await ExecuteAsync(connection, "vacuum analyze");
        return (tokens, ibans, [.. Enumerable.Range(0, customers).Select(i => firstKey + i)], firstKey);
    }

    private static async Task InitializePeerAsync(PostgresCluster cluster)
    {
        await using (var connection = new NpgsqlConnection(cluster.SuperuserConnectionString()))
        {
            await connection.OpenAsync();
            await ExecuteAsync(connection, "create database peer");
        }

        await PgbenchAsync(cluster, "-i", "-q", "-s", "10", "peer");
        await using (var connection = new NpgsqlConnection(cluster.SuperuserConnectionString("peer")))
        {
            await connection.OpenAsync();
            await ExecuteAsync(
                connection,
                """
                create table transfer_posting (id bigint generated always as identity primary key, aid integer not null, amount integer not null, at timestamptz not null default now());
                create function transfer(a integer, b integer, amount integer) returns void language plpgsql as $$
                begin
                    perform from pgbench_accounts where aid in (a, b) order by aid for no key update;
                    update pgbench_accounts set abalance = abalance - amount where aid = a;
                    update pgbench_accounts set abalance = abalance + amount where aid = b;
                    insert into transfer_posting (aid, amount) values (a, -amount), (b, amount);
                end $$;
                """);
        }
    }

    private static async Task<string> PgbenchAsync(PostgresCluster cluster, params string[] arguments)
    {
        var access = new NpgsqlConnectionStringBuilder(cluster.SuperuserConnectionString());
        var start = new ProcessStartInfo(FindPgbench(), ["-h", access.Host!, "-p", access.Port.ToString(CultureInfo.InvariantCulture), "-U", access.Username!, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["PGPASSWORD"] = access.Password!;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"pgbench failed: {await error}");
    }

    private static string FindPgbench()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : []);
        return folders.Select(folder => Path.Combine(folder, "pgbench")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("pgbench is not installed; it comes with PostgreSQL.");
    }

    private static Process StartApi(string root, int port, string connectionString, byte[] master)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(root, "artifacts", "bin", "Banking.Api", "release", "Banking.Api.dll")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = root,
        };
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["ConnectionStrings__Bank"] = connectionString,
            ["Encryption__MasterKey"] = Convert.ToBase64String(master),
            ["Clients__web__Secret"] = RandomNumberGenerator.GetHexString(48),
            ["Clients__assistant__Secret"] = RandomNumberGenerator.GetHexString(48),
            ["Passkeys__RelyingPartyId"] = "localhost",
            ["Passkeys__Origins__0"] = "http://localhost:5080",
            ["Fraud__Models"] = Path.Combine(root, "models", "fraud"),
            ["Supervisor__Stdin"] = "true",
            ["Logging__LogLevel__Default"] = "Warning",
            // Nothing of the configuration changes; watching the repository for it would be work of its own.
            ["DOTNET_hostBuilder__reloadConfigOnChange"] = "false",
        })
        {
            start.Environment[key] = value;
        }

        var api = Process.Start(start)!;
        api.OutputDataReceived += (_, line) =>
        {
            if (!string.IsNullOrEmpty(line.Data))
            {
                Console.Error.WriteLine(line.Data);
            }
        };
        api.BeginOutputReadLine();
        return api;
    }

    private static async Task WaitUntilReadyAsync(int port, Process api)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        while (true)
        {
            if (api.HasExited)
            {
                throw new InvalidOperationException("The API did not start.");
            }

            try
            {
                using var answer = await http.GetAsync("health/ready");
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100);
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SecureBank.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Run it from the repository.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // The bench's own statements.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // The bench's own statements.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
#pragma warning restore CA2100
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
