using System.ComponentModel;
using System.Globalization;
using System.Linq.Expressions;
using Banking.Api.Accounts;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Transactions;

/// <summary>What of a list of transactions is wanted. Everything is optional.</summary>
/// <param name="Cursor">Where the page before ended; valid only with the same filters.</param>
/// <param name="Limit">Items per page, 1 to 100; 50 when absent.</param>
/// <param name="From">First booking day.</param>
/// <param name="To">Last booking day, included.</param>
/// <param name="Text">Part of the counterparty's name or of the reference, in any case; at most 100 characters.</param>
/// <param name="Category">Exactly this category.</param>
/// <param name="MinAmount">Smallest amount, regardless of direction: a decimal string.</param>
/// <param name="MaxAmount">Largest amount, regardless of direction: a decimal string.</param>
internal sealed record TransactionFilter(
    [property: Description("Where the page before ended; valid only with the same filters.")] string? Cursor,
    [property: Description("Items per page, 1 to 100.")] int? Limit,
    DateOnly? From,
    DateOnly? To,
    string? Text,
    string? Category,
    string? MinAmount,
    string? MaxAmount);

internal static class ListTransactions
{
    private const int LimitDefault = 50;
    private const int LimitMax = 100;
    private const int TextLengthMax = 100;

    public static async Task<Results<Ok<Page<Transaction>>, Problem>> OfAccountAsync(
        string accountId, [AsParameters] TransactionFilter filter, Caller caller, BankDbContext db, ListCursor cursors, CancellationToken cancellationToken) =>
        await GetAccount.FindAsync(db, caller, accountId, cancellationToken) is { } account
            ? await ListAsync(filter, account, caller, db, cursors, cancellationToken)
            : GetAccount.NotFound;

    public static Task<Results<Ok<Page<Transaction>>, Problem>> OfAllAccountsAsync(
        [AsParameters] TransactionFilter filter, Caller caller, BankDbContext db, ListCursor cursors, CancellationToken cancellationToken) =>
        ListAsync(filter, null, caller, db, cursors, cancellationToken);

    private static async Task<Results<Ok<Page<Transaction>>, Problem>> ListAsync(
        TransactionFilter filter, HeldAccount? account, Caller caller, BankDbContext db, ListCursor cursors, CancellationToken cancellationToken)
    {
        if (Check(filter, out var minUnits, out var maxUnits) is { } invalid)
        {
            return invalid;
        }

        var scope = string.Create(
            CultureInfo.InvariantCulture,
            $"transactions:{caller.PartyId}:{account?.Id}:{filter.From:yyyyMMdd}:{filter.To:yyyyMMdd}:{minUnits}:{maxUnits}:{filter.Category?.Length}:{filter.Category}:{filter.Text}");
        if (!cursors.TryRead(scope, filter.Cursor, out var before))
        {
            return Problem.Invalid(ErrorCodes.CursorInvalid, "The cursor was not issued by this list with these filters.");
        }

        var limit = filter.Limit ?? LimitDefault;
        var matches = Where(db.Set<HeldTransaction>().Where(row => row.PartyId == caller.PartyId), filter, minUnits, maxUnits, before);

        // The newest rows of each account, then the newest of those: each part walks one account's own index,
        // so the cost follows the page and not the history of the whole bank.
        var page = account is { } one
            ? matches.Where(row => row.AccountId == one.Id)
            : db.Set<HeldAccount>().Where(held => held.PartyId == caller.PartyId)
                .SelectMany(held => matches.Where(row => row.AccountId == held.Id).OrderByDescending(row => row.Id).Take(limit + 1));
        var rows = await page.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);

        var items = rows.Take(limit).Select(row => row.ToContract()).ToList();
        return TypedResults.Ok(new Page<Transaction>(items, rows.Count > limit ? cursors.Write(scope, rows[limit - 1].Id) : null));
    }

    private static IQueryable<HeldTransaction> Where(IQueryable<HeldTransaction> rows, TransactionFilter filter, long? minUnits, long? maxUnits, long? before)
    {
        var conditions = new List<Expression<Func<HeldTransaction, bool>>>();
        if (before is { } id)
        {
            conditions.Add(row => row.Id < id);
        }

        if (filter.From is { } from)
        {
            conditions.Add(row => row.BookingDate >= from);
        }

        if (filter.To is { } to)
        {
            conditions.Add(row => row.BookingDate <= to);
        }

        if (filter.Category is { } category)
        {
            conditions.Add(row => row.Category == category);
        }

        if (minUnits is { } min)
        {
            conditions.Add(row => Math.Abs(row.Amount) >= min);
        }

        if (maxUnits is { } max)
        {
            conditions.Add(row => Math.Abs(row.Amount) <= max);
        }

        if (filter.Text is { Length: > 0 } text)
        {
            var pattern = $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
            conditions.Add(row => EF.Functions.ILike(row.Counterparty, pattern, "\\") || EF.Functions.ILike(row.Reference!, pattern, "\\"));
        }

        return conditions.Aggregate(rows, (query, condition) => query.Where(condition));
    }

    private static Problem? Check(TransactionFilter filter, out long? minUnits, out long? maxUnits)
    {
        maxUnits = null;
        if (ReadAmount(filter.MinAmount, "minAmount", out minUnits) is { } badMin)
        {
            return badMin;
        }

        if (ReadAmount(filter.MaxAmount, "maxAmount", out maxUnits) is { } badMax)
        {
            return badMax;
        }

        return filter switch
        {
            { Limit: < 1 or > LimitMax } => Fault("limit", $"A page has 1 to {LimitMax} items."),
            { Text.Length: > TextLengthMax } => Fault("text", $"The text to find has at most {TextLengthMax} characters."),
            { Category.Length: > TextLengthMax } => Fault("category", "There is no such category."),
            { Text: { } text } when text.Contains('\0', StringComparison.Ordinal) => Fault("text", "The text to find has characters that no transaction has."),
            { Category: { } category } when category.Contains('\0', StringComparison.Ordinal) => Fault("category", "There is no such category."),
            { From: { } from, To: { } to } when from > to => Fault("from", "The first day is after the last."),
            _ => null,
        };
    }

    private static Problem? ReadAmount(string? text, string field, out long? units)
    {
        units = null;
        if (text is null)
        {
            return null;
        }

        var fault = Money.TryParse(text, Currency.Gbp.Code, out var amount);
        if (fault != MoneyFault.None)
        {
            return MoneyProblem.Of(fault);
        }

        units = amount.MinorUnits;
        return units < 0 ? Fault(field, "Amounts are compared regardless of direction: give it without a sign.") : null;
    }

    private static Problem Fault(string field, string message) => InvalidRequest.Of(field, message);
}
