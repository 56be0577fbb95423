using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Assistant.Bot.Conversations;
using Assistant.Bot.Planning;
using Banking.Client;
using static Assistant.Bot.Cards.CardElements;

namespace Assistant.Bot.Cards;

/// <summary>
/// Turns card requests into Adaptive Cards. Figures come from the tool result as it is; addresses are made here from ids, or checked to
/// be the bank's own, so that no planner and no third-party text can choose where a button leads.
/// </summary>
internal sealed class CardRenderer(Hosting.AssistantSettings settings)
{
    /// <summary>The card of what became of a payment. Data: the bank's payment, or its event.</summary>
    public const string Outcome = "outcome";

    /// <summary>The cards that can be made; a kind nobody knows is left out, since the text beside it says the same.</summary>
    public IReadOnlyList<Attachment> Render(IReadOnlyList<CardRequest> requests) => [.. requests.Take(5).Select(Render).OfType<Attachment>()];

    /// <summary>Where the customer approves a payment.</summary>
    public string ApproveLink(string paymentId) => $"{settings.WebBaseAddress}/approve/{Uri.EscapeDataString(paymentId)}";

    private Attachment? Render(CardRequest request) => request.Kind switch
    {
        CardKinds.Balance => Balance(request.Data),
        CardKinds.Transactions => Transactions(request.Data),
        CardKinds.Spending => Spending(request.Data),
        CardKinds.PaymentDraft => PaymentDraft(request.Data),
        CardKinds.PayeePick => Pick(request.Data, "payees", CardActions.PickPayee, "payeeId", payee => Get(payee, "iban")),
        CardKinds.AccountPick => Pick(request.Data, "accounts", CardActions.PickAccount, "accountId", account => Format(Get(account, "available"), Get(account, "currency"))),
        CardKinds.Help => Help(request.Data),
        CardKinds.Link => Link(request.Data),
        Outcome => OutcomeOf(request.Data),
        _ => null,
    };

    private static Attachment? Balance(JsonElement data)
    {
        var rows = new List<JsonNode>();
        foreach (var account in List(data, "accounts", 20))
        {
            var currency = Get(account, "currency");
            var (available, booked) = (Format(Get(account, "available"), currency), Format(Get(account, "booked"), currency));
            rows.Add(Row(
                [Text(Get(account, "name"), bold: true), Text(PrintIban(Get(account, "iban")), subtle: true, size: "Small")],
                [
                    Text(available, bold: true, align: "right"),
                    Text(available == booked ? "available" : $"available · balance {booked}", subtle: true, size: "Small", align: "right"),
                ],
                separator: rows.Count > 0));
        }

        return rows.Count == 0 ? null : Card(rows);
    }

    private static Attachment? Transactions(JsonElement data)
    {
        var rows = new List<JsonNode>();
        foreach (var transaction in List(data, "transactions", 20))
        {
            var reference = Get(transaction, "reference");
            rows.Add(Row(
                [
                    Text(Get(transaction, "counterparty"), bold: true),
                    Text(string.IsNullOrEmpty(reference) ? FormatDate(Get(transaction, "date")) : $"{FormatDate(Get(transaction, "date"))} · {reference}", subtle: true, size: "Small"),
                ],
                [SignedAmount(Get(transaction, "amount"), Get(transaction, "currency"))],
                separator: rows.Count > 0));
        }

        return rows.Count == 0 ? null : Card(rows);
    }

    private static JsonObject SignedAmount(string? amount, string? currency)
    {
        var text = FormatSigned(amount, currency);
        return Text(text, align: "right", color: text.StartsWith('+') ? "Good" : null);
    }

    private static Attachment? Spending(JsonElement data)
    {
        var currency = Get(data, "currency");
        var rows = new List<JsonNode>
        {
            Row([Text($"{FormatDate(Get(data, "from"))} to {FormatDate(Get(data, "to"))}", subtle: true)], [Text(Format(Get(data, "total"), currency), bold: true, align: "right")]),
        };
        foreach (var category in List(data, "categories", 12))
        {
            rows.Add(Row(Capitalise(Get(category, "category")), Format(Get(category, "amount"), currency)));
        }

        return rows.Count == 1 ? null : Card(rows);
    }

    private Attachment? PaymentDraft(JsonElement data)
    {
        if (!data.TryGetProperty("payment", out var payment) || Get(payment, "id") is not { } id || !PublicId.TryParse(id, PublicId.Payment, out _))
        {
            return null;
        }

        var rows = PaymentRows(payment);
        rows.Insert(0, Text("Payment ready for your approval", subtle: true));
        return Card(
            rows,
            [
                Open("Approve", ApproveLink(id), style: "positive"),
                Submit("Cancel", CardActions.CancelPayment, new JsonObject { ["paymentId"] = id }),
            ]);
    }

    private Attachment OutcomeOf(JsonElement data)
    {
        var (title, color) = Get(data, "state") switch
        {
            "executed" => ("Paid", "Good"),
            "held" => ("On hold", "Warning"),
            "cancelled" => ("Cancelled", "Default"),
            "expired" => ("Expired", "Default"),
            _ => ("Not paid", "Attention"),
        };
        var rows = PaymentRows(data);
        rows.Insert(0, Text(title, bold: true, color: color));
        foreach (var reason in Reasons(data))
        {
            rows.Add(Text(reason, subtle: true));
        }

        return (Get(data, "id") ?? Get(data, "paymentId")) is { } id && PublicId.TryParse(id, PublicId.Payment, out _)
            ? Card(rows, [Open("Payment details", $"{settings.WebBaseAddress}/payments/{Uri.EscapeDataString(id)}")])
            : Card(rows);
    }

    /// <summary>The bank's reasons, in its own words for the customer.</summary>
    internal static IEnumerable<string> Reasons(JsonElement data) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty("reasons", out var reasons) && reasons.ValueKind == JsonValueKind.Array
            ? reasons.EnumerateArray().Where(reason => reason.ValueKind == JsonValueKind.String).Select(reason => reason.GetString()!).Take(5)
            : [];

    private static List<JsonNode> PaymentRows(JsonElement payment)
    {
        var creditor = payment.TryGetProperty("creditor", out var party) ? party : default;
        var rows = new List<JsonNode>
        {
            Text(Format(Get(payment, "amount"), Get(payment, "currency")), bold: true, size: "ExtraLarge"),
            Row("To", Get(creditor, "name") ?? Get(payment, "creditorName")),
        };
        if (Get(creditor, "iban") is { } iban)
        {
            rows.Add(Row("IBAN", PrintIban(iban)));
        }

        if (payment.TryGetProperty("debtorAccount", out var debtor) && Get(debtor, "name") is { } from)
        {
            rows.Add(Row("From", from));
        }

        if (Get(payment, "reference") is { Length: > 0 } reference)
        {
            rows.Add(Row("Reference", reference));
        }

        return rows;
    }

    private static Attachment? Pick(JsonElement data, string list, string action, string idName, Func<JsonElement, string?> detail)
    {
        var rows = new List<JsonNode>();
        foreach (var item in List(data, list, 8))
        {
            if (Get(item, "id") is not { } id || Get(item, "name") is not { } name)
            {
                continue;
            }

            // The whole row is the button.
            var row = Row([Text(name, bold: true), Text(list == "payees" ? PrintIban(detail(item)) : $"{detail(item)} available", subtle: true, size: "Small")], [Text("Choose", color: "Accent", align: "right")], separator: rows.Count > 0);
            row["selectAction"] = Submit(name, action, new JsonObject { [idName] = id, ["name"] = name });
            rows.Add(row);
        }

        return rows.Count == 0 ? null : Card(rows);
    }

    private Attachment? Help(JsonElement data)
    {
        var rows = new List<JsonNode>();
        if (Get(data, "title") is { } title)
        {
            rows.Add(Text(title, bold: true));
        }

        // An article has a run per paragraph.
        rows.AddRange((Get(data, "text") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(12).Select(Paragraph));
        var links = List(data, "links", 4).Select(link => (Title: Get(link, "title"), Address: OwnAddress(Get(link, "url"))))
            .Where(link => link.Title is not null && link.Address is not null).Select(JsonNode (link) => Open(link.Title!, link.Address!)).ToList();
        return rows.Count == 0 ? null : Card(rows, links);
    }

    private Attachment? Link(JsonElement data) =>
        OwnAddress(Get(data, "link")) is { } address
            ? Card([Text("Opens the bank's own page, where you check and confirm it.", subtle: true)], [Open(Get(data, "title") ?? "Open", address, style: "positive")])
            : null;

    /// <summary>The address when it is one of the bank's own pages; null otherwise.</summary>
    private string? OwnAddress(string? address) =>
        Uri.TryCreate(new Uri(settings.WebBaseAddress + "/"), address, out var resolved)
            && string.Equals(resolved.GetLeftPart(UriPartial.Authority), new Uri(settings.WebBaseAddress).GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase)
            && string.IsNullOrEmpty(resolved.UserInfo)
            ? resolved.AbsoluteUri
            : null;

    private static string? PrintIban(string? iban) => iban is not null && Iban.TryNormalize(iban, out var normal) ? Iban.Print(normal) : iban;

    private static string Capitalise(string? text) => string.IsNullOrEmpty(text) ? "" : string.Concat(char.ToUpper(text[0], CultureInfo.InvariantCulture).ToString(), text.AsSpan(1)).Replace('_', ' ');
}
