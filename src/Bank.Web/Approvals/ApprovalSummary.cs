using System.Text.Json;
using Bank.Web.Display;
using Banking.Client;

namespace Bank.Web.Approvals;

/// <summary>One line of what is approved.</summary>
internal sealed record ApprovalFact(string Label, string Value, string? Note);

/// <summary>
/// What an authorization asks for, in words, read from its details alone: these are what the approval is bound to, so nothing else may
/// be shown, and nothing in them may be left out. Members this page has no words for are shown under their own names.
/// </summary>
internal sealed record ApprovalSummary(string Title, string? Amount, IReadOnlyList<ApprovalFact> Facts)
{
    // Public ids and the type say nothing to a person; they stand in the full text below the facts.
    private static readonly string[] Technical = ["type", "id", "paymentId", "payeeId", "accountId", "debtorAccountId", "creditorAccountId", "userId", "partyId", "conversationId", "credentialId", "operation", "action", "direction", "credentialHash", "keyHash"];

    /// <summary>Reads the details.</summary>
    public static ApprovalSummary Of(Authorization authorization)
    {
        string? amount = null;
        var facts = new List<(int Order, ApprovalFact Fact)>();
        Walk("", authorization.Details);
        return new ApprovalSummary(TitleOf(authorization), amount, [.. facts.OrderBy(fact => fact.Order).Select(fact => fact.Fact)]);

        void Walk(string name, JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object when value.TryGetProperty("amount", out var digits) && value.TryGetProperty("currency", out var currency)
                    && Money.TryParse(digits.GetString(), currency.GetString(), out var money) == MoneyFault.None:
                    Add("amount", Format.Amount(money), null);
                    foreach (var member in value.EnumerateObject().Where(member => member.Name is not ("amount" or "currency")))
                    {
                        Walk(member.Name, member.Value);
                    }

                    break;
                case JsonValueKind.Object when value.TryGetProperty("name", out var holder) && value.TryGetProperty("iban", out var iban):
                    Add(name.Length == 0 ? "payee" : name, holder.GetString() ?? "", Iban.Print(iban.GetString() ?? ""));
                    foreach (var member in value.EnumerateObject().Where(member => member.Name is not ("name" or "iban")))
                    {
                        Walk(member.Name, member.Value);
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (var member in value.EnumerateObject())
                    {
                        Walk(member.Name, member.Value);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (var item in value.EnumerateArray())
                    {
                        Walk(name, item);
                    }

                    break;
                case JsonValueKind.Null or JsonValueKind.Undefined:
                    break;
                default:
                    if (!Technical.Contains(name, StringComparer.Ordinal))
                    {
                        Add(name, name.EndsWith("iban", StringComparison.OrdinalIgnoreCase) ? Iban.Print(value.ToString()) : value.ToString(), null);
                    }

                    break;
            }
        }

        void Add(string name, string value, string? note)
        {
            if (name is "amount" && amount is null)
            {
                amount = value;
                return;
            }

            var (order, label) = name switch
            {
                "creditor" or "payee" or "creditorAccount" => (1, authorization.Type == "payment_initiation" ? "To" : "Payee"),
                "creditorName" => (1, "To"),
                "creditorIban" => (2, "Payee’s account"),
                "name" => (1, "Name"),
                "iban" => (2, "IBAN"),
                "debtor" or "debtorAccount" => (3, "From"),
                "debtorName" => (3, "From"),
                "debtorIban" => (4, "Your account"),
                "remittanceInformation" or "reference" => (5, "Reference"),
                "accountIban" => (2, "Account"),
                "holderName" => (1, "Account holder"),
                "note" => (5, "Note"),
                _ => (6, Format.Label(Words(name))),
            };
            facts.Add((order, new ApprovalFact(label, value, note)));
        }
    }

    private static string TitleOf(Authorization authorization) => authorization.Type switch
    {
        "payment_initiation" => "Approve this payment",
        "payee_creation" => "Approve this payee",
        "credential_registration" => "Confirm this change to your passkeys",
        "cash_movement" => "Approve this cash movement",
        _ => "Approve this",
    };

    // camelCase to words.
    private static string Words(string name) => string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 ? $" {char.ToLowerInvariant(c)}" : c.ToString()));
}
