using System.Globalization;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>Finds transactions. Pages follow the API's cursor, so a new booking neither repeats nor hides one.</summary>
[Authorize(Roles.Customer)]
internal sealed class TransactionsModel(BankingApiClient api) : BankPage(api)
{
    private const int PageSize = 30;

    [BindProperty(SupportsGet = true)]
    public string? AccountId { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Text { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? To { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Category { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? MinAmount { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? MaxAmount { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Cursor { get; set; }

    public IReadOnlyList<Account> Accounts { get; private set; } = [];

    public IReadOnlyList<Transaction> Transactions { get; private set; } = [];

    public string? More { get; private set; }

    public bool Filtered => new[] { AccountId, Text, From, To, Category, MinAmount, MaxAmount }.Any(value => !string.IsNullOrWhiteSpace(value));

    public async Task<IActionResult> OnGetAsync()
    {
        var call = await CallAsync();
        var accounts = await Api.ListAccountsAsync(call, HttpContext.RequestAborted);
        if (!accounts.Succeeded)
        {
            return await FailAsync(accounts.Problem);
        }

        Accounts = accounts.Value;
        var query = new TransactionsQuery
        {
            Text = NullIfEmpty(Text),
            Category = NullIfEmpty(Category),
            From = ReadDate(nameof(From), From),
            To = ReadDate(nameof(To), To),
            MinAmount = ReadAmount(nameof(MinAmount), MinAmount),
            MaxAmount = ReadAmount(nameof(MaxAmount), MaxAmount),
            Cursor = NullIfEmpty(Cursor),
            Limit = PageSize,
        };
        if (!ModelState.IsValid)
        {
            return Page();
        }

        var transactions = NullIfEmpty(AccountId) is { } accountId
            ? await Api.ListAccountTransactionsAsync(accountId, query, call, HttpContext.RequestAborted)
            : await Api.ListTransactionsAsync(query, call, HttpContext.RequestAborted);
        if (!transactions.Succeeded)
        {
            if (transactions.Problem.Code is ErrorCodes.Unauthenticated or ErrorCodes.Unavailable or ErrorCodes.InternalError)
            {
                return await FailAsync(transactions.Problem);
            }

            Refuse(transactions.Problem);
            return Page();
        }

        Transactions = transactions.Value.Items;
        More = transactions.Value.NextCursor is { } next ? MoreUrl(next) : null;
        return Page();
    }

    private static string? NullIfEmpty(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    private DateOnly? ReadDate(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        if (DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        ModelState.AddModelError(field, "Please enter a date such as 2026-11-05.");
        return null;
    }

    private string? ReadAmount(string field, string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        var text = AmountInput.Clean(value);
        if (Money.TryParse(text, "GBP", out _) == MoneyFault.None)
        {
            return text;
        }

        ModelState.AddModelError(field, "Please enter an amount such as 25 or 25.50.");
        return null;
    }

    private string MoreUrl(string cursor)
    {
        var query = new QueryBuilder();
        foreach (var (name, value) in new[] { ("accountId", AccountId), ("text", Text), ("from", From), ("to", To), ("category", Category), ("minAmount", MinAmount), ("maxAmount", MaxAmount), ("cursor", cursor) })
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                query.Add(name, value);
            }
        }

        return "/transactions" + query.ToQueryString();
    }
}

/// <summary>Amounts as people type them.</summary>
internal static class AmountInput
{
    /// <summary>Without pound sign, spaces and thousands separators; what is left the API judges.</summary>
    public static string Clean(string? text) => (text ?? "").Trim().TrimStart('£').Replace(",", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
}
