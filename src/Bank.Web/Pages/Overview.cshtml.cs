using Bank.Web.Display;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Bank.Web.Pages;

/// <summary>The customer's accounts at a glance: balances, what happened last, where this month's money went, what waits for them.</summary>
[Authorize(Roles.Customer)]
internal sealed class OverviewModel(BankingApiClient api, Format format, TimeProvider clock) : BankPage(api)
{
    public IReadOnlyList<Account> Accounts { get; private set; } = [];

    public IReadOnlyList<Transaction> Recent { get; private set; } = [];

    public IReadOnlyList<Payment> Waiting { get; private set; } = [];

    public Spending Spending { get; private set; } = null!;

    public string FirstName => User.Identity!.Name!.Split(' ')[0];

    public string Greeting => format.Hour(clock.GetUtcNow()) switch
    {
        < 12 => "Good morning",
        < 18 => "Good afternoon",
        _ => "Good evening",
    };

    public async Task<IActionResult> OnGetAsync()
    {
        var call = await CallAsync();
        var today = format.Today;
        var accounts = Api.ListAccountsAsync(call, HttpContext.RequestAborted);
        var recent = Api.ListTransactionsAsync(new TransactionsQuery { Limit = 8 }, call, HttpContext.RequestAborted);
        var spending = Api.GetSpendingAsync(new DateOnly(today.Year, today.Month, 1), today, accountId: null, call, HttpContext.RequestAborted);
        // What the assistant prepared is a draft until its approval page is opened.
        var drafts = Api.ListPaymentsAsync("draft", conversationId: null, cursor: null, limit: 10, call, HttpContext.RequestAborted);
        var awaiting = Api.ListPaymentsAsync("awaiting_approval", conversationId: null, cursor: null, limit: 10, call, HttpContext.RequestAborted);
        var held = Api.ListPaymentsAsync("held", conversationId: null, cursor: null, limit: 10, call, HttpContext.RequestAborted);
        await Task.WhenAll(accounts, recent, spending, drafts, awaiting, held);
        if ((accounts.Result.Problem ?? recent.Result.Problem ?? spending.Result.Problem ?? drafts.Result.Problem ?? awaiting.Result.Problem ?? held.Result.Problem) is { } problem)
        {
            return await FailAsync(problem);
        }

        Accounts = accounts.Result.Value!;
        Recent = recent.Result.Value!.Items;
        Spending = spending.Result.Value!;
        Waiting = [.. drafts.Result.Value!.Items, .. awaiting.Result.Value!.Items, .. held.Result.Value!.Items];
        return Page();
    }

    /// <summary>Whole per cent of the month's total.</summary>
    public long Percent(SpendingCategory category) => Spending.Total.MinorUnits == 0 ? 0 : category.Amount.MinorUnits * 100 / Spending.Total.MinorUnits;

    /// <summary>Length of the bar, 0 to 100, against the largest category.</summary>
    public long Bar(SpendingCategory category) =>
        Spending.Categories.Max(other => other.Amount.MinorUnits) is > 0 and var largest ? Math.Max(1, category.Amount.MinorUnits * 100 / largest) : 0;
}
