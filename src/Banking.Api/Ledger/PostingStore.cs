using System.Data;
using Banking.Api.Payments;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Api.Ledger;

/// <summary>
/// The writer's two round trips, on a connection of its own whose statements stay prepared: everything a batch needs to know, and the
/// function that posts it.
/// </summary>
internal sealed class PostingStore(NpgsqlDataSource database) : IAsyncDisposable
{
    private const string ReadPayments =
        """
        select i.n, k.request_hash, k.response,
               p.id, p.version, p.state, p.amount, p.currency, p.creditor_name, p.creditor_iban, p.remittance, p.channel, p.conversation_id, p.created_at, p.expires_at,
               d.id, d.public_id, d.iban, d.name, d.type, d.state, d.currency, d.balance, d.reserved, d.overdraft_limit, d.version,
               exists (select from ledger.account_holder h where h.account_id = p.debtor_account_id and h.party_id = p.party_id),
               c.id, c.public_id, c.iban, c.name, c.type, c.state, c.currency, c.balance, c.reserved, c.overdraft_limit, c.version,
               exists (select from ledger.account_holder h where h.account_id = c.id and h.party_id = p.party_id),
               y.id, y.public_id, y.created_at, y.removed_at is not null, y.payments_count,
               z.id, z.public_id, z.state, z.details_hash, z.expires_at, z.user_id, z.session_id,
               s.created_at, s.revoked_at is not null, s.expires_at, v.first_seen_at,
               o.created_at, o.name_cipher,
               (select count(*)::integer from identity."authorization" x
                where x.user_id = i.user_id and x.type = 'credential_registration' and x.state = 'consumed' and x.consumed_at > $6 - interval '7 days'),
               ph.history, ph.version, ph.spent_on, ph.spent_amount, ch.history, ch.version
        from unnest($1, $2, $3, $4, $5) with ordinality as i (payment_id, user_id, party_id, session_id, key, n)
        left join payment.idempotency k on k.user_id = i.user_id and k.key = i.key
        left join payment.payment p on p.public_id = i.payment_id and p.party_id = i.party_id
        left join ledger.account d on d.id = p.debtor_account_id
        left join ledger.account c on c.iban = p.creditor_iban
        left join payment.payee y on y.id = p.payee_id and y.party_id = p.party_id
        left join identity."authorization" z on z.type = 'payment_initiation' and z.subject_id = p.id and z.state in ('pending', 'approved')
        left join identity.session s on s.id = i.session_id
        left join identity.device v on v.id = s.device_id
        left join identity.party o on o.id = p.party_id
        left join fraud.entity_history ph on ph.kind = 1 and ph.entity_key = p.party_id::text
        left join fraud.entity_history ch on ch.kind = 2 and ch.entity_key = p.creditor_iban
        """;

    private const string ReadMovements =
        """
        select i.n, k.request_hash, k.response,
               a.id, a.public_id, a.iban, a.name, a.type, a.state, a.currency, a.balance, a.reserved, a.overdraft_limit, a.version,
               z.id, z.state, z.details_hash, z.expires_at, s.revoked_at is null and s.expires_at > $6
        from unnest($1, $2, $3, $4, $5) with ordinality as i (iban, user_id, session_id, authorization_id, key, n)
        left join payment.idempotency k on k.user_id = i.user_id and k.key = i.key
        left join ledger.account a on a.iban = i.iban and a.type in ('current', 'savings')
        left join identity."authorization" z on z.public_id = i.authorization_id and z.user_id = i.user_id and z.session_id = i.session_id
             and z.type = 'cash_movement'
        left join identity.session s on s.id = i.session_id
        """;

    private NpgsqlConnection? _connection;
    private NpgsqlCommand? _readPayments;
    private NpgsqlCommand? _readMovements;
    private NpgsqlCommand? _post;
    private Dictionary<(string Type, string Currency), AccountState> _bankAccounts = [];

    /// <summary>The bank's own account of a type and currency; null when it has none in that currency.</summary>
    public AccountState? BankAccount(string type, string currency) => _bankAccounts.GetValueOrDefault((type, currency));

    /// <summary>Opens the connection, if there is none.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => EnsureOpenAsync(cancellationToken);

    /// <summary>First round trip: gives every item what it depends on. Rows that several items share are one object.</summary>
    public async Task ReadAsync(IReadOnlyList<PostingItem> items, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await EnsureOpenAsync(cancellationToken);
        var accounts = new Dictionary<long, AccountState>();
        var payments = items.OfType<PaymentItem>().ToList();
        if (payments.Count > 0)
        {
            await ReadPaymentsAsync(payments, accounts, now, cancellationToken);
        }

        if (payments.Count < items.Count)
        {
            await ReadMovementsAsync([.. items.OfType<MovementItem>()], accounts, now, cancellationToken);
        }

        foreach (var item in items)
        {
            item.IsRead = true;
        }
    }

    /// <summary>Second round trip: posts what still holds, in one transaction; one verdict per row.</summary>
    public async Task<string[]> PostAsync(PostingRows rows, CancellationToken cancellationToken)
    {
        await EnsureOpenAsync(cancellationToken);
        rows.Bind(_post!.Parameters);
        return (string[])(await _post.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Gives the connection up after a failure; the next round trip opens another.</summary>
    public async ValueTask ResetAsync()
    {
        foreach (var command in (NpgsqlCommand?[])[_readPayments, _readMovements, _post])
        {
            command?.Dispose();
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        _connection = null;
    }

    public ValueTask DisposeAsync() => ResetAsync();

    private static NpgsqlCommand Command(NpgsqlConnection connection, string text, params IEnumerable<NpgsqlDbType> types)
    {
        var command = new NpgsqlCommand(text, connection);
        foreach (var type in types)
        {
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type });
        }

        return command;
    }

    private static AccountState? Account(NpgsqlDataReader row, int at, Dictionary<long, AccountState> known)
    {
        if (row.IsDBNull(at))
        {
            return null;
        }

        var id = row.GetInt64(at);
        if (known.TryGetValue(id, out var account))
        {
            return account;
        }

        account = new AccountState
        {
            Id = id,
            PublicId = row.GetGuid(at + 1),
            Iban = row.GetString(at + 2),
            Name = row.GetString(at + 3),
            Type = row.GetString(at + 4),
            State = row.GetString(at + 5),
            Currency = row.GetString(at + 6),
            Balance = row.GetInt64(at + 7),
            Reserved = row.GetInt64(at + 8),
            OverdraftLimit = row.GetInt64(at + 9),
            Version = row.GetInt64(at + 10),
        };
        known.Add(id, account);
        return account;
    }

    private static string? Text(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);

    private static DateTimeOffset? Instant(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetFieldValue<DateTimeOffset>(at);

    private static byte[] Bytes(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? [] : row.GetFieldValue<byte[]>(at);

    private async Task EnsureOpenAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null)
        {
            return;
        }

        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            // Look-ups by key whatever the statistics say: a plan made on a small table must not become a scan of a large one.
            await using (var settings = new NpgsqlCommand(
                "set plan_cache_mode = force_generic_plan; set jit = off; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off", connection))
            {
                await settings.ExecuteNonQueryAsync(cancellationToken);
            }

            await ReadBankAccountsAsync(connection, cancellationToken);
            _readPayments = Command(
                connection, ReadPayments, NpgsqlDbType.Array | NpgsqlDbType.Uuid, NpgsqlDbType.Array | NpgsqlDbType.Bigint, NpgsqlDbType.Array | NpgsqlDbType.Bigint,
                NpgsqlDbType.Array | NpgsqlDbType.Bigint, NpgsqlDbType.Array | NpgsqlDbType.Text, NpgsqlDbType.TimestampTz);
            _readMovements = Command(
                connection, ReadMovements, NpgsqlDbType.Array | NpgsqlDbType.Text, NpgsqlDbType.Array | NpgsqlDbType.Bigint, NpgsqlDbType.Array | NpgsqlDbType.Bigint,
                NpgsqlDbType.Array | NpgsqlDbType.Uuid, NpgsqlDbType.Array | NpgsqlDbType.Text, NpgsqlDbType.TimestampTz);
            _post = Command(connection, PostingRows.Call, PostingRows.Types);
            await _readPayments.PrepareAsync(cancellationToken);
            await _readMovements.PrepareAsync(cancellationToken);
            await _post.PrepareAsync(cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        _connection = connection;
    }

    private async Task ReadBankAccountsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var known = new Dictionary<long, AccountState>();
        await using var command = new NpgsqlCommand(
            """
            select id, public_id, iban, name, type, state, currency, balance, reserved, overdraft_limit, version
            from ledger.account where type in ('cash', 'settlement', 'fees', 'suspense')
            """,
            connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            Account(row, 0, known);
        }

        _bankAccounts = known.Values.ToDictionary(account => (account.Type, account.Currency));
    }

    private async Task ReadPaymentsAsync(List<PaymentItem> items, Dictionary<long, AccountState> accounts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var parameters = _readPayments!.Parameters;
        parameters[0].Value = items.ConvertAll(item => item.PaymentId);
        parameters[1].Value = items.ConvertAll(item => item.Caller.UserId);
        parameters[2].Value = items.ConvertAll(item => item.Caller.PartyId);
        parameters[3].Value = items.ConvertAll(item => item.Caller.SessionKey);
        parameters[4].Value = items.ConvertAll(item => item.IdempotencyKey);
        parameters[5].Value = now;
        var histories = new Dictionary<(short, string), HistoryState>();
        await using var row = await _readPayments.ExecuteReaderAsync(CommandBehavior.Default, cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var item = items[(int)row.GetInt64(0) - 1];
            item.StoredHash = row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1);
            item.StoredResponse = Text(row, 2);
            item.Snapshot = row.IsDBNull(3) || row.IsDBNull(51) ? null : Snapshot(row, item, accounts, histories);
        }
    }

    private static PaymentSnapshot Snapshot(
        NpgsqlDataReader row, PaymentItem item, Dictionary<long, AccountState> accounts, Dictionary<(short, string), HistoryState> histories)
    {
        var iban = row.GetString(9);
        return new PaymentSnapshot
        {
            Id = row.GetInt64(3),
            Version = row.GetInt32(4),
            State = row.GetString(5),
            Amount = row.GetInt64(6),
            Currency = row.GetString(7),
            CreditorName = row.GetString(8),
            CreditorIban = iban,
            Remittance = Text(row, 10),
            Channel = row.GetString(11),
            ConversationId = Text(row, 12),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(13),
            ExpiresAt = row.GetFieldValue<DateTimeOffset>(14),
            Debtor = Account(row, 15, accounts)!,
            DebtorHeld = row.GetBoolean(26),
            Creditor = Account(row, 27, accounts),
            CreditorIsOwn = row.GetBoolean(38),
            PayeeId = row.IsDBNull(39) ? 0 : row.GetInt64(39),
            PayeePublicId = row.IsDBNull(40) ? null : row.GetGuid(40),
            PayeeCreatedAt = Instant(row, 41),
            PayeeRemoved = row.GetBoolean(42),
            PayeePayments = row.IsDBNull(43) ? 0 : row.GetInt32(43),
            AuthorizationId = row.IsDBNull(44) ? 0 : row.GetInt64(44),
            AuthorizationPublicId = row.IsDBNull(45) ? Guid.Empty : row.GetGuid(45),
            AuthorizationState = Text(row, 46),
            AuthorizationHash = Bytes(row, 47),
            AuthorizationExpiresAt = Instant(row, 48) ?? DateTimeOffset.MinValue,
            AuthorizationUserId = row.IsDBNull(49) ? 0 : row.GetInt64(49),
            AuthorizationSessionId = row.IsDBNull(50) ? 0 : row.GetInt64(50),
            SessionCreatedAt = row.GetFieldValue<DateTimeOffset>(51),
            SessionRevoked = row.GetBoolean(52),
            SessionExpiresAt = row.GetFieldValue<DateTimeOffset>(53),
            DeviceFirstSeenAt = Instant(row, 54),
            PartyCreatedAt = row.GetFieldValue<DateTimeOffset>(55),
            PartyNameCipher = Bytes(row, 56),
            CredentialChanges = row.GetInt32(57),
            Payer = History(row, 58, 1, item.Caller.PartyId.ToString(System.Globalization.CultureInfo.InvariantCulture), histories),
            Counterparty = History(row, 62, 2, iban, histories),
        };
    }

    private static HistoryState History(NpgsqlDataReader row, int at, short kind, string key, Dictionary<(short, string), HistoryState> known)
    {
        if (known.TryGetValue((kind, key), out var history))
        {
            return history;
        }

        var missing = row.IsDBNull(at + 1);
        history = new HistoryState
        {
            Kind = kind,
            Key = key,
            IsNew = missing,
            Bytes = Bytes(row, at),
            Version = missing ? 0 : row.GetInt64(at + 1),
            SpentOn = missing || kind != 1 ? DateOnly.MinValue : row.GetFieldValue<DateOnly>(at + 2),
            SpentAmount = missing || kind != 1 ? 0 : row.GetInt64(at + 3),
        };
        known.Add((kind, key), history);
        return history;
    }

    private async Task ReadMovementsAsync(List<MovementItem> items, Dictionary<long, AccountState> accounts, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var parameters = _readMovements!.Parameters;
        parameters[0].Value = items.ConvertAll(item => item.Movement.AccountIban);
        parameters[1].Value = items.ConvertAll(item => item.UserId);
        parameters[2].Value = items.ConvertAll(item => item.Movement.Caller?.SessionKey ?? 0);
        parameters[3].Value = items.ConvertAll(item =>
            Client.PublicId.TryParse(item.Movement.AuthorizationId, Client.PublicId.Authorization, out var id) ? id : Guid.Empty);
        parameters[4].Value = items.ConvertAll(item => item.IdempotencyKey);
        parameters[5].Value = now;
        await using var row = await _readMovements.ExecuteReaderAsync(CommandBehavior.Default, cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var item = items[(int)row.GetInt64(0) - 1];
            item.StoredHash = row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1);
            item.StoredResponse = Text(row, 2);
            item.Snapshot = new MovementSnapshot
            {
                Account = Account(row, 3, accounts),
                AuthorizationId = row.IsDBNull(14) ? 0 : row.GetInt64(14),
                AuthorizationState = Text(row, 15),
                AuthorizationHash = Bytes(row, 16),
                AuthorizationExpiresAt = Instant(row, 17) ?? DateTimeOffset.MinValue,
                SessionLive = !row.IsDBNull(18) && row.GetBoolean(18),
            };
        }
    }
}
