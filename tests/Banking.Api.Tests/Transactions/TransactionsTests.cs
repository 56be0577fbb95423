using Banking.Api.Ledger;
using Banking.Api.Tests.Accounts;
using Banking.Client;

namespace Banking.Api.Tests.Transactions;

public sealed class TransactionsTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly CallContext Call = CallContext.None;

    [Fact]
    public async Task List_WhenPaged_GivesEveryTransactionOnceNewestFirst()
    {
        var customer = await world.CreateCustomerAsync();
        var savings = await world.OpenAccountAsync("savings", "Savings", customer.User);
        for (var i = 1; i <= 9; i++)
        {
            await world.MoveAsync(i % 3 == 0 ? savings : customer.Current, MovementKind.Incoming, $"{i}.00");
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await customer.Api.ListTransactionsAsync(new TransactionsQuery { Limit = 2, Cursor = cursor }, Call)).Value!;
            Assert.InRange(page.Items.Count, 1, 2);
            seen.AddRange(page.Items.Select(item => item.Amount.Amount));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(Enumerable.Range(1, 9).Reverse().Select(i => $"{i}.00"), seen);
        var one = (await customer.Api.ListAccountTransactionsAsync(customer.CurrentId, new TransactionsQuery(), Call)).Value!;
        Assert.Equal(["8.00", "7.00", "5.00", "4.00", "2.00", "1.00"], one.Items.Select(item => item.Amount.Amount));
        Assert.Null(one.NextCursor);
    }

    [Fact]
    public async Task List_WhenFiltered_GivesOnlyWhatMatches()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "500.00", "Larkfield Design", "income", "SALARY 100%");
        await world.MoveAsync(customer.Current, MovementKind.Outgoing, "12.00", "Corner Fresh", "groceries");
        world.Host.Clock.Advance(TimeSpan.FromDays(2));
        customer = customer with { Http = await world.Host.SignInAsync(customer.User) };
        var api = new BankingApiClient(customer.Http);
        await world.MoveAsync(customer.Current, MovementKind.Outgoing, "40.00", "Café Ödön_1", "eating_out", "Lunch");
        var day = DateOnly.FromDateTime(world.Host.Clock.GetUtcNow().UtcDateTime);

        async Task<string> AmountsAsync(TransactionsQuery query)
        {
            var answer = await api.ListTransactionsAsync(query, Call);
            Assert.True(answer.Succeeded, answer.Problem?.ToString());
            return string.Join(' ', answer.Value.Items.Select(item => item.Amount.Amount));
        }

        Assert.Equal("-40.00", await AmountsAsync(new() { From = day }));
        Assert.Equal("-12.00 500.00", await AmountsAsync(new() { To = day.AddDays(-1) }));
        Assert.Equal("-12.00", await AmountsAsync(new() { Category = "groceries" }));
        Assert.Equal("500.00", await AmountsAsync(new() { Text = "salary" }));
        Assert.Equal("500.00", await AmountsAsync(new() { Text = "LARKFIELD" }));
        Assert.Equal("500.00", await AmountsAsync(new() { Text = "0%" }));
        Assert.Equal("-40.00", await AmountsAsync(new() { Text = "ödön_" }));
        Assert.Equal("", await AmountsAsync(new() { Text = @"\" }));
        Assert.Equal("-40.00 500.00", await AmountsAsync(new() { MinAmount = "12.01" }));
        Assert.Equal("-40.00 -12.00", await AmountsAsync(new() { MaxAmount = "40" }));
        Assert.Equal("", await AmountsAsync(new() { MinAmount = "41", MaxAmount = "499.99" }));
    }

    [Fact]
    public async Task List_WhenCursorIsForeignOrFiltersChange_Answers400()
    {
        var (customer, other) = (await world.CreateCustomerAsync(), await world.CreateCustomerAsync());
        for (var i = 0; i < 3; i++)
        {
            await world.MoveAsync(customer.Current, MovementKind.Incoming, "1.00");
        }

        var cursor = (await customer.Api.ListTransactionsAsync(new TransactionsQuery { Limit = 1 }, Call)).Value!.NextCursor;
        Assert.NotNull(cursor);
        Assert.True((await customer.Api.ListTransactionsAsync(new TransactionsQuery { Cursor = cursor }, Call)).Succeeded);

        Assert.Equal(ErrorCodes.CursorInvalid, (await other.Api.ListTransactionsAsync(new TransactionsQuery { Cursor = cursor }, Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.CursorInvalid, (await customer.Api.ListTransactionsAsync(new TransactionsQuery { Cursor = cursor, Text = "x" }, Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.CursorInvalid, (await customer.Api.ListAccountTransactionsAsync(customer.CurrentId, new TransactionsQuery { Cursor = cursor }, Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.CursorInvalid, (await customer.Api.ListTransactionsAsync(new TransactionsQuery { Cursor = "AAAA" }, Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.CursorInvalid, (await customer.Api.ListTransactionsAsync(new TransactionsQuery { Cursor = new string('é', 40) }, Call)).Problem?.Code);
    }

    [Theory]
    [InlineData("limit=0", ErrorCodes.ValidationFailed)]
    [InlineData("limit=101", ErrorCodes.ValidationFailed)]
    [InlineData("limit=x", ErrorCodes.ValidationFailed)]
    [InlineData("from=2026-02-30", ErrorCodes.ValidationFailed)]
    [InlineData("from=2026-02-03&to=2026-02-02", ErrorCodes.ValidationFailed)]
    [InlineData("text=%00", ErrorCodes.ValidationFailed)]
    [InlineData("minAmount=1e3", ErrorCodes.AmountMalformed)]
    [InlineData("minAmount=-1", ErrorCodes.ValidationFailed)]
    [InlineData("maxAmount=1.001", ErrorCodes.AmountTooPrecise)]
    [InlineData("maxAmount=99999999999999999999", ErrorCodes.AmountTooLarge)]
    public async Task List_WhenFilterIsMalformed_Answers400(string query, string code)
    {
        var customer = await world.CreateCustomerAsync();
        using var response = await customer.Http.GetAsync($"v1/transactions?{query}");
        Assert.Equal((400, code), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Get_WhenReadByTheAssistant_IsAuditedWithTurnAndToolCall()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "3.00");
        using var assistant = await world.DelegateAsync(customer, "conv-a", "turn-b", "call-c");
        var page = (await new BankingApiClient(assistant).ListTransactionsAsync(new TransactionsQuery(), Call)).Value!;
        var transaction = (await new BankingApiClient(assistant).GetTransactionAsync(page.Items[0].Id, Call)).Value!;

        Assert.Equal("3.00", transaction.Amount.Amount);
        Assert.Equal(
            """client:assistant {"conversation":"conv-a","toolCall":"call-c","turn":"turn-b"} ok""",
            await world.QueryAsync<string>($"select actor || ' ' || details || ' ' || outcome from audit.event where action = 'transaction.read' and subject = '{transaction.Id}' and on_behalf = '{customer.User.Id}'"));
    }

    [Fact]
    public async Task Spending_WhenMoneyMovesBetweenOwnAccounts_CountsOnlyWhatLeftTheCustomer()
    {
        var customer = await world.CreateCustomerAsync();
        await world.MoveAsync(customer.Current, MovementKind.Incoming, "500.00", category: "income");
        await world.MoveAsync(customer.Current, MovementKind.Outgoing, "12.00", category: "groceries");
        await world.MoveAsync(customer.Current, MovementKind.Outgoing, "8.50", category: "groceries");
        await world.MoveAsync(customer.Current, MovementKind.Outgoing, "30.00", category: "bills");

        var spending = (await customer.Api.GetSpendingAsync(null, null, null, Call)).Value!;

        Assert.Equal("50.50", spending.Total.Amount);
        Assert.Equal([("bills", "30.00", 1), ("groceries", "20.50", 2)], spending.Categories.Select(category => (category.Category, category.Amount.Amount, category.Count)));
        Assert.Equal(1, spending.From.Day);
        Assert.Equal(ErrorCodes.AccountNotFound, (await customer.Api.GetSpendingAsync(null, null, "acc_00000000000000000000000000000000", Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.ValidationFailed, (await customer.Api.GetSpendingAsync(new DateOnly(2020, 1, 1), new DateOnly(2026, 1, 1), null, Call)).Problem?.Code);
    }
}
