using System.ComponentModel;
using System.Text.Json;

namespace Assistant.Bot.Plugins.Insights;

/// <summary>Tool <c>insights_spending</c>.</summary>
internal sealed class SumSpending(BankSession bank)
{
    [Description("Money out by category between two days, both included.")]
    public Task<JsonElement> InvokeAsync(
        [Description("First day, yyyy-MM-dd.")] string from,
        [Description("Last day, yyyy-MM-dd.")] string to,
        [Description("Only this account (id from accounts_list).")] string? accountId = null,
        CancellationToken cancellationToken = default)
    {
        if (!ToolArguments.TryReadDay(from, out var first) || !ToolArguments.TryReadDay(to, out var last) || first is null || last is null)
        {
            return Task.FromResult(BankSession.Error("invalid_arguments", "A day is written yyyy-MM-dd."));
        }

        return bank.AskAsync(
            (api, call, cancel) => api.GetSpendingAsync(first.Value, last.Value, accountId, call, cancel),
            spending => new
            {
                spending.From,
                spending.To,
                Currency = spending.Total.Currency.Code,
                Total = spending.Total.Amount,
                Categories = spending.Categories.Select(category => new { category.Category, Amount = category.Amount.Amount, category.Count }),
            },
            cancellationToken);
    }
}
