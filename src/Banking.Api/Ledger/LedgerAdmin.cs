using System.Globalization;
using Banking.Client;
using Npgsql;

namespace Banking.Api.Ledger;

/// <inheritdoc cref="ILedgerAdmin"/>
internal sealed class LedgerAdmin(NpgsqlDataSource database, TimeProvider clock) : ILedgerAdmin
{
    /// <summary>Bank code and sort code of this bank inside its IBANs.</summary>
    public const string BankAndSortCode = "SBNK990001";

    public async Task<OpenedAccount> OpenAccountAsync(OpenAccount request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Holders.Count == 0 || request.Type is not ("current" or "savings"))
        {
            throw new ArgumentException("A customer's account is a current or savings account with at least one holder.", nameof(request));
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        long number;
        await using (var next = new NpgsqlCommand("select nextval('ledger.account_number')", connection))
        {
            number = (long)(await next.ExecuteScalarAsync(cancellationToken))!;
        }

        var iban = Iban.Create("GB", BankAndSortCode + number.ToString("D8", CultureInfo.InvariantCulture));
        var publicId = PublicId.NewValue(clock);
        long id;
        await using (var insert = new NpgsqlCommand(
            """
            insert into ledger.account (public_id, iban, name, type, currency, overdraft_limit, opened_at)
            values ($1, $2, $3, $4, $5, $6, $7) returning id
            """,
            connection))
        {
            insert.Parameters.Add(new() { Value = publicId });
            insert.Parameters.Add(new() { Value = iban });
            insert.Parameters.Add(new() { Value = request.Name });
            insert.Parameters.Add(new() { Value = request.Type });
            insert.Parameters.Add(new() { Value = request.Currency.Code });
            insert.Parameters.Add(new() { Value = request.OverdraftLimitMinor });
            insert.Parameters.Add(new() { Value = request.OpenedAt?.ToUniversalTime() ?? clock.GetUtcNow() });
            id = (long)(await insert.ExecuteScalarAsync(cancellationToken))!;
        }

        foreach (var (partyId, role) in request.Holders)
        {
            await using var holder = new NpgsqlCommand("insert into ledger.account_holder (account_id, party_id, role) values ($1, $2, $3)", connection);
            holder.Parameters.Add(new() { Value = id });
            holder.Parameters.Add(new() { Value = partyId });
            holder.Parameters.Add(new() { Value = role });
            await holder.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return new OpenedAccount(id, publicId, iban);
    }
}
