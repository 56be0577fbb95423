using System.ComponentModel;
using System.Text.Json;
using Assistant.Bot.Planning.Gate;

namespace Assistant.Bot.Plugins.Payees;

/// <summary>Tool <c>payees_list</c>.</summary>
internal sealed class ListPayees(BankSession bank)
{
    [Description("The people and companies the customer has saved to pay.")]
    public Task<JsonElement> InvokeAsync([Description("Part of the name, to narrow the list.")] string? name = null, CancellationToken cancellationToken = default) =>
        bank.AskAsync(
            (api, call, cancel) => api.ListPayeesAsync(call, cancel),
            payees => new
            {
                payees = payees.Where(payee => string.IsNullOrWhiteSpace(name) || NameMatch.Score(payee.Name, NameMatch.Words(name)) > 0)
                    .Select(payee => new { payee.Id, payee.Name, payee.Iban }),
            },
            cancellationToken);
}
