using Banking.Api.Accounts;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Transactions;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Spending;

internal static class GetSpending
{
    private const int DaysMax = 731;

    // Without a period: the current month until today. Without an account: all of the customer's.
    public static async Task<Results<Ok<Client.Spending>, Problem>> HandleAsync(
        DateOnly? from, DateOnly? to, string? accountId, Caller caller, BankDbContext db, BankCalendar calendar, TimeProvider clock, CancellationToken cancellationToken)
    {
        var last = to ?? calendar.DateOf(clock.GetUtcNow());
        var first = from ?? new DateOnly(last.Year, last.Month, 1);
        if (first > last)
        {
            return InvalidRequest.Of("from", "The first day is after the last.");
        }

        if (last.DayNumber - first.DayNumber >= DaysMax)
        {
            return InvalidRequest.Of("from", $"A period has at most {DaysMax} days.");
        }

        var currency = Currency.Gbp;
        var rows = db.Set<HeldTransaction>().Where(row => row.PartyId == caller.PartyId);
        var spent = rows.Where(row => row.BookingDate >= first && row.BookingDate <= last && row.Amount < 0);
        if (accountId is not null)
        {
            if (await GetAccount.FindAsync(db, caller, accountId, cancellationToken) is not { } account)
            {
                return GetAccount.NotFound;
            }

            currency = Currency.Of(account.Currency);
            spent = spent.Where(row => row.AccountId == account.Id);
        }

        var code = currency.Code;
        var categories = await spent
            .Where(row => row.Currency == code && !rows.Any(other => other.EntryId == row.EntryId && other.Amount > 0))
            .GroupBy(row => row.Category)
            .Select(group => new { Category = group.Key, Amount = group.Sum(row => -row.Amount), Count = group.Count() })
            .ToListAsync(cancellationToken);

        return TypedResults.Ok(new Client.Spending(
            first,
            last,
            new Money(categories.Sum(category => category.Amount), currency),
            [.. categories
                .OrderByDescending(category => category.Amount).ThenBy(category => category.Category, StringComparer.Ordinal)
                .Select(category => new SpendingCategory(category.Category, new Money(category.Amount, currency), category.Count))]));
    }
}
