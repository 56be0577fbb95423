using System.Text.Json.Nodes;
using Banking.Api.Authorizations;
using Npgsql;

namespace Banking.Api.Audit;

/// <summary>One rule of the books and how it stands. <paramref name="FirstBad"/> names the first breach; null when it holds.</summary>
internal sealed record LedgerFinding(string Rule, long Checked, long Breaches, string? FirstBad);

/// <summary>
/// The rules that the books must obey at any instant, checked from the rows alone. Most of them the database enforces as well:
/// this is the second pair of eyes that also sees what was changed behind its back.
/// </summary>
internal static class LedgerCheck
{
    // Each query gives: rows checked, breaches, the first breach in words.
    private static readonly (string Rule, string Sql)[] Rules =
    [
        ("entries sum to zero in each currency", """
            with sums as (select entry_id, currency, sum(amount) as total from ledger.posting group by entry_id, currency)
            select count(*), count(*) filter (where total <> 0), 'entry ' || min(entry_id) filter (where total <> 0) from sums
            """),
        ("every entry has postings", """
            select count(*), count(*) filter (where p.entry_id is null), 'entry ' || min(e.id) filter (where p.entry_id is null)
            from ledger.journal_entry e left join (select distinct entry_id from ledger.posting) p on p.entry_id = e.id
            """),
        ("postings agree with their account and entry", """
            select count(*), count(*) filter (where bad), 'posting ' || min(id) filter (where bad)
            from (select p.id, p.currency <> a.currency or p.booking_date <> e.booking_date as bad
                  from ledger.posting p join ledger.account a on a.id = p.account_id join ledger.journal_entry e on e.id = p.entry_id) x
            """),
        ("balances are the sum of their postings", """
            select count(*), count(*) filter (where bad), 'account ' || min(id) filter (where bad)
            from (select a.id, a.balance <> coalesce(p.total, 0) as bad
                  from ledger.account a left join (select account_id, sum(amount) as total from ledger.posting group by account_id) p on p.account_id = a.id) x
            """),
        ("each posting's balance follows from the one before", """
            select count(*), count(*) filter (where bad), 'posting ' || min(id) filter (where bad)
            from (select id, balance_after <> amount + coalesce(lag(balance_after) over (partition by account_id order by id), 0) as bad from ledger.posting) x
            """),
        ("the bank's books balance in each currency", """
            select count(*), count(*) filter (where total <> 0), 'currency ' || min(currency) filter (where total <> 0)
            from (select currency, sum(balance) as total from ledger.account group by currency) x
            """),
        ("reserved amounts are those of held payments", """
            select count(*), count(*) filter (where bad), 'account ' || min(id) filter (where bad)
            from (select a.id, a.reserved <> coalesce(h.total, 0) as bad
                  from ledger.account a
                  left join (select debtor_account_id, sum(amount) as total from payment.payment where state = 'held' group by debtor_account_id) h on h.debtor_account_id = a.id) x
            """),
        ("each executed payment has its entry, and no other payment has one", """
            select count(*), count(*) filter (where bad), 'payment ' || min(id) filter (where bad)
            from (select m.id, (m.state in ('executed', 'returned')) <> (e.id is not null) as bad
                  from payment.payment m left join ledger.journal_entry e on e.payment_id = m.id) x
            """),
        ("payments moved exactly what they say, from where they say", """
            select count(*), count(*) filter (where bad), 'payment ' || min(id) filter (where bad)
            from (select m.id, not exists (select from ledger.posting p
                                           where p.entry_id = e.id and p.account_id = m.debtor_account_id and p.amount = -m.amount and p.currency = m.currency) as bad
                  from payment.payment m join ledger.journal_entry e on e.payment_id = m.id) x
            """),
        ("each executed or held payment used up exactly one approval", """
            select count(*), count(*) filter (where bad), 'payment ' || min(id) filter (where bad)
            from (select m.id, (select count(*) from identity."authorization" z
                                where z.type = 'payment_initiation' and z.subject_id = m.id and z.state = 'consumed') <> 1 as bad
                  from payment.payment m where m.state in ('executed', 'held', 'returned')) x
            """),
        ("each approval of a payment was used by a decided payment, in time", """
            select count(*), count(*) filter (where bad), 'authorization ' || min(id) filter (where bad)
            from (select z.id, m.id is null or m.state in ('draft', 'awaiting_approval', 'approved', 'expired')
                         or z.approved_at is null or z.method is null or z.consumed_at is null or z.consumed_at > z.expires_at or z.consumed_at < z.approved_at as bad
                  from identity."authorization" z left join payment.payment m on m.id = z.subject_id
                  where z.type = 'payment_initiation' and z.state = 'consumed') x
            """),
        ("each executed or held payment has a fraud decision", """
            select count(*), count(*) filter (where bad), 'payment ' || min(id) filter (where bad)
            from (select m.id, not exists (select from fraud.decision d where d.payment_id = m.id and d.stage = 'execute') as bad
                  from payment.payment m where m.state in ('executed', 'held', 'returned')) x
            """),
    ];

    public static async Task<IReadOnlyList<LedgerFinding>> RunAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var findings = new List<LedgerFinding>();
        foreach (var (rule, sql) in Rules)
        {
            // The queries are the constants above.
#pragma warning disable CA2100
            await using var query = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
#pragma warning restore CA2100
            await using var row = await query.ExecuteReaderAsync(cancellationToken);
            await row.ReadAsync(cancellationToken);
            findings.Add(new LedgerFinding(rule, row.GetInt64(0), row.GetInt64(1), await row.IsDBNullAsync(2, cancellationToken) ? null : row.GetString(2)));
        }

        findings.Add(await CheckApprovedDetailsAsync(connection, cancellationToken));
        return findings;
    }

    // The database cannot compute the canonical form, so this rule is checked here.
    private static async Task<LedgerFinding> CheckApprovedDetailsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand("""select id, details::text, details_hash from identity."authorization" order by id""", connection) { CommandTimeout = 0 };
        await using var rows = await read.ExecuteReaderAsync(cancellationToken);
        long count = 0, bad = 0;
        string? first = null;
        while (await rows.ReadAsync(cancellationToken))
        {
            count++;
            if (!CanonicalJson.Hash(JsonNode.Parse(rows.GetString(1))).AsSpan().SequenceEqual(rows.GetFieldValue<byte[]>(2)))
            {
                bad++;
                first ??= $"authorization {rows.GetInt64(0)}";
            }
        }

        return new LedgerFinding("approved details are what their hash says", count, bad, first);
    }
}
