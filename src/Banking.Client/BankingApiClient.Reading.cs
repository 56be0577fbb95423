using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Banking.Client;

/// <summary>Which transactions are wanted; what is null does not restrict.</summary>
public sealed record TransactionsQuery
{
    /// <summary>Position after the page before; valid only with the same filters.</summary>
    public string? Cursor { get; init; }

    /// <summary>Items per page, 1 to 100; the bank chooses when null.</summary>
    public int? Limit { get; init; }

    /// <summary>First booking day.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last booking day, included.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Part of the counterparty's name or of the reference, in any case.</summary>
    public string? Text { get; init; }

    /// <summary>Exactly this category.</summary>
    public string? Category { get; init; }

    /// <summary>Smallest amount regardless of direction, a decimal string.</summary>
    public string? MinAmount { get; init; }

    /// <summary>Largest amount regardless of direction, a decimal string.</summary>
    public string? MaxAmount { get; init; }

    internal string ToQueryString() => Query.Of(
        ("cursor", Cursor),
        ("limit", Limit?.ToString(CultureInfo.InvariantCulture)),
        ("from", From?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ("to", To?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ("text", Text),
        ("category", Category),
        ("minAmount", MinAmount),
        ("maxAmount", MaxAmount));
}

/// <summary>
/// One line of the audit trail. <paramref name="SealedBy"/> is the seal that covers it, base64url; null while the line waits for the sealer.
/// </summary>
public sealed record AuditEntry(
    string Id,
    DateTimeOffset OccurredAt,
    string Actor,
    string? OnBehalf,
    string Action,
    string? Subject,
    string Outcome,
    string? Correlation,
    JsonElement Details,
    string LeafHash,
    string? SealedBy);

public sealed partial class BankingApiClient
{
    /// <summary>The customer's accounts.</summary>
    public Task<ApiResult<IReadOnlyList<Account>>> ListAccountsAsync(CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<IReadOnlyList<Account>>("v1/accounts", call, cancellationToken);

    /// <summary>One account.</summary>
    public Task<ApiResult<Account>> GetAccountAsync(string accountId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Account>($"v1/accounts/{Escape(accountId)}", call, cancellationToken);

    /// <summary>Movements on one account, newest first.</summary>
    public Task<ApiResult<Page<Transaction>>> ListAccountTransactionsAsync(string accountId, TransactionsQuery query, CallContext call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GetAsync<Page<Transaction>>($"v1/accounts/{Escape(accountId)}/transactions{query.ToQueryString()}", call, cancellationToken);
    }

    /// <summary>Movements on all of the customer's accounts, newest first.</summary>
    public Task<ApiResult<Page<Transaction>>> ListTransactionsAsync(TransactionsQuery query, CallContext call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return GetAsync<Page<Transaction>>($"v1/transactions{query.ToQueryString()}", call, cancellationToken);
    }

    /// <summary>One movement.</summary>
    public Task<ApiResult<Transaction>> GetTransactionAsync(string transactionId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Transaction>($"v1/transactions/{Escape(transactionId)}", call, cancellationToken);

    /// <summary>Money out by category over whole booking days; this month until today when no days are given.</summary>
    public Task<ApiResult<Spending>> GetSpendingAsync(DateOnly? from, DateOnly? to, string? accountId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Spending>(
            "v1/spending" + Query.Of(
                ("from", from?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
                ("to", to?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
                ("accountId", accountId)),
            call,
            cancellationToken);

    /// <summary>Saved payees by name.</summary>
    public Task<ApiResult<IReadOnlyList<Payee>>> ListPayeesAsync(CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<IReadOnlyList<Payee>>("v1/payees", call, cancellationToken);

    /// <summary>One saved payee.</summary>
    public Task<ApiResult<Payee>> GetPayeeAsync(string payeeId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Payee>($"v1/payees/{Escape(payeeId)}", call, cancellationToken);

    /// <summary>Saves a payee. Challenged first; repeat with the approved authorization's id.</summary>
    public Task<ApiResult<Payee>> AddPayeeAsync(CreatePayee request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payee>("v1/payees", request, call, cancellationToken);

    /// <summary>Removes a payee; payments made to it stay.</summary>
    public Task<ApiResult<Done>> RemovePayeeAsync(string payeeId, CallContext call, CancellationToken cancellationToken = default) =>
        DeleteAsync<Done>($"v1/payees/{Escape(payeeId)}", null, call, cancellationToken);

    /// <summary>What a teller may know of an account: its holder's name and its state.</summary>
    public Task<ApiResult<TellerAccount>> GetTellerAccountAsync(string iban, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<TellerAccount>($"v1/teller/accounts/{Escape(iban)}", call, cancellationToken);

    /// <summary>Cash handed in. Challenged first; repeat with the approved authorization's id and the same idempotency key.</summary>
    public Task<ApiResult<CashReceipt>> DepositCashAsync(CashMovement request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<CashReceipt>("v1/teller/deposits", request, call, cancellationToken);

    /// <summary>Cash handed out. Challenged first; repeat with the approved authorization's id and the same idempotency key.</summary>
    public Task<ApiResult<CashReceipt>> WithdrawCashAsync(CashMovement request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<CashReceipt>("v1/teller/withdrawals", request, call, cancellationToken);

    /// <summary>The audit trail, newest first; for auditors.</summary>
    public Task<ApiResult<Page<AuditEntry>>> ListAuditEventsAsync(string? cursor, int? limit, string? actor, string? subject, string? action, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Page<AuditEntry>>(
            "v1/audit/events" + Query.Of(("cursor", cursor), ("limit", limit?.ToString(CultureInfo.InvariantCulture)), ("actor", actor), ("subject", subject), ("action", action)),
            call,
            cancellationToken);
}

internal static class Query
{
    public static string Of(params ReadOnlySpan<(string Name, string? Value)> members)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in members)
        {
            if (value is not null)
            {
                text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return text.ToString();
    }
}
