using System.Globalization;
using System.Text.Json;
using Assistant.Bot.Turns;
using Banking.Client;

namespace Assistant.Bot.Planning.Gate;

/// <summary>A payee as the bank named it to us.</summary>
internal sealed record KnownPayee(string Id, string Name);

/// <summary>
/// Where values may come from: what this customer said and tapped in this conversation, and what the bank answered in it. Computed from the
/// journal before each call; no planner has a say in it, and text of third parties is not part of it.
/// </summary>
internal sealed class Evidence
{
    private readonly List<IReadOnlyList<string>> _words = [];
    private readonly List<string> _texts = [];
    private readonly HashSet<WrittenAmount> _amounts = [];
    private readonly HashSet<string> _tapped = new(StringComparer.Ordinal);
    private readonly HashSet<string> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KnownPayee> _payees = new(StringComparer.Ordinal);
    private readonly HashSet<string> _payments = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<Choice> _offered;
    private readonly string? _latestText;

    private Evidence(IReadOnlyList<Choice> offered, string? latestText) => (_offered, _latestText) = (offered, latestText);

    /// <summary>Consequential calls asked for in the same step; more than one is no customer's wish.</summary>
    public int ConsequentialInStep { get; private init; }

    /// <summary>Consequential tools that already succeeded in this turn.</summary>
    public IReadOnlySet<string> DoneInTurn { get; private init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Collects the evidence for a call of <paramref name="open"/>, whose calls so far are <paramref name="calls"/>.</summary>
    /// <param name="open">The turn and what came before it.</param>
    /// <param name="calls">The calls of the turn with the results they have.</param>
    /// <param name="step">The step of the call.</param>
    /// <param name="before">The dialogue before the turn: what was offered to choose from.</param>
    /// <param name="amounts">Reads amounts in the customer's words.</param>
    public static Evidence Collect(OpenTurn open, IReadOnlyList<JournaledCall> calls, int step, DialogueState before, IAmountReader amounts)
    {
        var evidence = new Evidence(before.Task?.Choices ?? [], (open.Turn.Input as CustomerInput.Text)?.Value)
        {
            ConsequentialInStep = calls.Count(call => call.Step == step && Plugins.ToolSet.Consequential.Contains(call.Name)),
            DoneInTurn = calls.Where(call => Plugins.ToolSet.Consequential.Contains(call.Name) && call.Result is { } result && !result.TryGetProperty("error", out _))
                .Select(call => call.Name).ToHashSet(StringComparer.Ordinal),
        };
        foreach (var input in open.History.Select(turn => turn.Turn.Input).Append(open.Turn.Input))
        {
            evidence.AddInput(input, amounts);
        }

        foreach (var call in open.History.SelectMany(turn => turn.Calls).Concat(calls))
        {
            if (call.Result is { ValueKind: JsonValueKind.Object } result)
            {
                evidence.AddResult(call.Name, result);
            }
        }

        return evidence;
    }

    /// <summary>Whether the customer wrote this amount.</summary>
    public bool HasAmount(string amount, string? currency) =>
        decimal.TryParse(amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
        && _amounts.Any(written => written.Value == value && (written.Currency is null || currency is null || string.Equals(written.Currency, currency, StringComparison.Ordinal)));

    /// <summary>Whether the customer named this currency.</summary>
    public bool HasCurrency(string currency) => _amounts.Any(written => string.Equals(written.Currency, currency, StringComparison.Ordinal));

    /// <summary>Whether the bank listed this account as the customer's own in this conversation.</summary>
    public bool HasAccount(string id) => _accounts.Contains(id);

    /// <summary>Whether this payment was prepared in this conversation.</summary>
    public bool HasPayment(string id) => _payments.Contains(id);

    /// <summary>
    /// Whether the payee is saved and the customer chose it: tapped it, picked it from what was offered, or named it so that it is the
    /// best match among the saved ones.
    /// </summary>
    public bool HasChosenPayee(string id)
    {
        if (!_payees.TryGetValue(id, out var payee))
        {
            return false;
        }

        if (_tapped.Contains(id) || PickedByPosition(id))
        {
            return true;
        }

        foreach (var words in _words)
        {
            var score = NameMatch.Score(payee.Name, words);
            if (score > 0 && _payees.Values.All(other => other.Id == id || NameMatch.Score(other.Name, words) < score))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the customer wrote these words, in one piece.</summary>
    public bool HasWords(string text)
    {
        var part = NameMatch.Words(text);
        return part.Count > 0 && _words.Any(words => NameMatch.ContainsInOrder(words, part));
    }

    /// <summary>Whether the customer wrote this IBAN.</summary>
    public bool HasIban(string iban) =>
        Iban.TryNormalize(iban, out var normal) && _texts.Any(text => Compact(text).Contains(normal, StringComparison.Ordinal));

    private static string Compact(string text) => new([.. text.Where(char.IsAsciiLetterOrDigit).Select(char.ToUpperInvariant)]);

    // "The second one": an answer to the choices the customer was shown in the turn before.
    private bool PickedByPosition(string id)
    {
        if (_latestText is null || _offered.Count == 0)
        {
            return false;
        }

        var words = NameMatch.Words(_latestText);
        string[][] positions = [["first", "1st", "1", "one"], ["second", "2nd", "2", "two"], ["third", "3rd", "3", "three"], ["fourth", "4th", "4", "four"], ["fifth", "5th", "5", "five"]];
        for (var i = 0; i < Math.Min(positions.Length, _offered.Count); i++)
        {
            // "The second one" holds "one" too: the ordinal decides when there is one.
            var named = words.Any(word => positions[i].Take(2).Contains(word))
                || (!positions.Any(position => words.Any(word => position.Take(2).Contains(word))) && words.Any(word => positions[i].Skip(2).Contains(word)));
            if (named && string.Equals(_offered[i].Id, id, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return words.Contains("last") && string.Equals(_offered[^1].Id, id, StringComparison.Ordinal);
    }

    private void AddInput(CustomerInput input, IAmountReader amounts)
    {
        switch (input)
        {
            case CustomerInput.Text text:
                _texts.Add(text.Value);
                _words.Add(NameMatch.Words(text.Value));
                _amounts.UnionWith(amounts.Read(text.Value));
                break;
            case CustomerInput.CardTap { Action: CardActions.PickPayee, Values: var values } when TryGetId(values, "payeeId", out var payeeId):
                _tapped.Add(payeeId);
                break;
            default:
                // Account picks need no more than the bank's own list; events of the bank are not the customer's words.
                break;
        }
    }

    private void AddResult(string tool, JsonElement result)
    {
        switch (tool)
        {
            case ToolNames.AccountsList:
                _accounts.UnionWith(Items(result, "accounts").Select(account => Cards.CardElements.Get(account, "id")).OfType<string>());
                break;
            case ToolNames.PayeesList:
                foreach (var payee in Items(result, "payees"))
                {
                    if (TryGetId(payee, "id", out var id) && Cards.CardElements.Get(payee, "name") is { } name)
                    {
                        _payees[id] = new KnownPayee(id, name);
                    }
                }

                break;
            case ToolNames.PaymentsDraft when result.TryGetProperty("payment", out var payment) && TryGetId(payment, "id", out var paymentId):
                _payments.Add(paymentId);
                break;
            case ToolNames.PaymentsStatus:
                // The bank was asked for this conversation's payments only.
                _payments.UnionWith(Items(result, "payments").Select(payment => Cards.CardElements.Get(payment, "id")).OfType<string>());
                break;
            default:
                break;
        }
    }

    private static IEnumerable<JsonElement> Items(JsonElement result, string name) => Cards.CardElements.List(result, name, 1000);

    private static bool TryGetId(JsonElement source, string name, out string id)
    {
        id = Cards.CardElements.Get(source, name) ?? "";
        return id.Length > 0;
    }
}
