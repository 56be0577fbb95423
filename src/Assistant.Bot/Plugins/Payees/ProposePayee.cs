using System.ComponentModel;
using System.Text.Json;
using Banking.Client;

namespace Assistant.Bot.Plugins.Payees;

/// <summary>
/// Tool <c>payees_propose</c>: the bank's add-payee page, prefilled with what the customer said. It creates nothing: the customer
/// checks it there and confirms with a second factor.
/// </summary>
internal sealed class ProposePayee(BankSession bank, string webBaseAddress)
{
    [Description("A link to the bank's page for adding a payee, prefilled with a name and optionally an IBAN the customer wrote. Creates nothing.")]
    public Task<JsonElement> InvokeAsync(
        [Description("The name in the customer's own words.")] string name,
        [Description("The IBAN, as the customer wrote it.")] string? iban = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (string.IsNullOrWhiteSpace(name) || name.Length > 70)
        {
            return Task.FromResult(BankSession.Error("invalid_arguments", "A payee's name has 1 to 70 characters."));
        }

        var normal = "";
        if (!string.IsNullOrWhiteSpace(iban) && !Iban.TryNormalize(iban, out normal))
        {
            return Task.FromResult(BankSession.Error(ErrorCodes.IbanInvalid, "That IBAN's form or check digits are wrong."));
        }

        // A fragment stays in the browser: neither the name nor the IBAN gets into a server's log.
        var link = $"{webBaseAddress}/payees/add?conversationId={Uri.EscapeDataString(bank.Call.ConversationId)}#name={Uri.EscapeDataString(name.Trim())}"
            + (normal.Length > 0 ? $"&iban={normal}" : "");
        return Task.FromResult(BankSession.Element(new { link }));
    }
}
