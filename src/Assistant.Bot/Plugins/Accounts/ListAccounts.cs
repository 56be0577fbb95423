using System.ComponentModel;
using System.Text.Json;
using Banking.Client;

namespace Assistant.Bot.Plugins.Accounts;

/// <summary>Tool <c>accounts_list</c>.</summary>
internal sealed class ListAccounts(BankSession bank)
{
    [Description("The customer's own accounts with booked and available balance.")]
    public Task<JsonElement> InvokeAsync(CancellationToken cancellationToken) =>
        bank.AskAsync((api, call, cancel) => api.ListAccountsAsync(call, cancel), accounts => new { accounts = accounts.Select(Shape) }, cancellationToken);

    private static object Shape(Account account) => new
    {
        account.Id,
        account.Name,
        account.Type,
        account.Iban,
        Currency = account.Booked.Currency.Code,
        Booked = account.Booked.Amount,
        Available = account.Available.Amount,
    };
}
