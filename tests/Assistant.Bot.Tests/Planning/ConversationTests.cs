using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Assistant.Bot.Planning;
using Assistant.Bot.Tests.Understanding;

namespace Assistant.Bot.Tests.Planning;

/// <summary>
/// Runs the conversations of the <c>Conversations</c> folder against the embedded planner with the shipped model. Their language is described in its README.md.
/// </summary>
public sealed partial class ConversationTests
{
    private static readonly string Folder = Path.Combine(ShippedModel.Root, "tests/Assistant.Bot.Tests/Planning/Conversations");

    /// <summary>What the assistant may never say of a payment by itself: only the bank's own report says so.</summary>
    [GeneratedRegex(@"\b(?:has been (?:paid|sent|carried out)|I(?:'ve| have) (?:paid|sent|approved)|payment (?:is )?(?:done|complete)|sent successfully)\b", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ClaimsOfExecution();

    public static TheoryData<string, string> Conversations()
    {
        var data = new TheoryData<string, string>();
        foreach (var file in Directory.GetFiles(Folder, "*.md").Where(file => Path.GetFileName(file) != "README.md").Order(StringComparer.Ordinal))
        {
            foreach (var title in File.ReadLines(file).Where(line => line.StartsWith("## ", StringComparison.Ordinal)))
            {
                data.Add(Path.GetFileName(file), title[3..].Trim());
            }
        }

        return data;
    }

    [Fact]
    public void Conversations_AreAtLeastForty() => Assert.True(Conversations().Count >= 40, $"{Conversations().Count} conversations");

    [Theory]
    [MemberData(nameof(Conversations))]
    public async Task Conversation_WhenPlayed_GoesAsWritten(string file, string title)
    {
        var chat = new Chat(ShippedModel.Model);
        PlannerStep.Reply? reply = null;
        var number = 0;
        var inside = false;
        foreach (var raw in File.ReadLines(Path.Combine(Folder, file)))
        {
            number++;
            var line = raw.Trim();
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                inside = line[3..].Trim() == title;
                continue;
            }

            if (!inside || line.Length == 0)
            {
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            Assert.True(colon > 0, $"{file}:{number} is no step: {line}");
            var (verb, rest) = (line[..colon], line[(colon + 1)..].Trim());
            var at = $"{file}:{number} {line}\n  said: {reply?.Text}\n  called: {string.Join("; ", chat.Bank.Calls.Select(Print))}\n";
            switch (verb)
            {
                case "user":
                    reply = await chat.RunAsync(new CustomerInput.Text(rest), TestContext.Current.CancellationToken);
                    Assert.DoesNotMatch(ClaimsOfExecution(), chat.Bank.Calls.Any(call => call.Tool == "payments_status") ? "" : reply.Text);
                    break;
                case "tap":
                    var words = rest.Split(' ');
                    var values = words.Skip(1).Select(word => word.Split('=')).ToDictionary(pair => pair[0], pair => pair[1].Replace('_', ' ').Replace("pye ", "pye_", StringComparison.Ordinal).Replace("acc ", "acc_", StringComparison.Ordinal).Replace("pay ", "pay_", StringComparison.Ordinal));
                    reply = await chat.RunAsync(new CustomerInput.CardTap(words[0], JsonSerializer.SerializeToElement(values)), TestContext.Current.CancellationToken);
                    break;
                case "bank reports":
                    chat.Bank.SetState(rest);
                    reply = await chat.RunAsync(
                        new CustomerInput.Event("securebank.payment.state_changed.v1", JsonSerializer.SerializeToElement(new { paymentId = chat.Bank.LatestPaymentId, state = rest, amount = "60.00", currency = "GBP", creditorName = "Maya Okafor" })),
                        TestContext.Current.CancellationToken);
                    break;
                case "payee saved":
                    chat.Bank.Payees.Add(JsonSerializer.SerializeToNode(new { id = "pye_new", name = rest, iban = "GB33BUKB20201555555555" }));
                    reply = await chat.RunAsync(
                        new CustomerInput.Event("securebank.payee.created.v1", JsonSerializer.SerializeToElement(new { payeeId = "pye_new", name = rest })), TestContext.Current.CancellationToken);
                    break;
                case "tool fails":
                    var parts = rest.Split(' ');
                    chat.Bank.Fail(parts[0], parts[1]);
                    break;
                case "calls":
                    Assert.True(chat.Bank.Calls.Any(call => Matches(call, rest)), at + "  expected call is missing");
                    break;
                case "does not call":
                    Assert.False(chat.Bank.Calls.Any(call => call.Tool == rest), at + "  unexpected call");
                    break;
                case "says":
                    foreach (var part in rest.Split(" ... "))
                    {
                        Assert.True(reply!.Text.Contains(part, StringComparison.OrdinalIgnoreCase), at + $"  '{part}' is missing");
                    }

                    break;
                case "never says":
                    foreach (var part in rest.Split(" | "))
                    {
                        Assert.False(reply!.Text.Contains(part, StringComparison.OrdinalIgnoreCase), at + $"  '{part}' was said");
                    }

                    break;
                case "card":
                    Assert.True(reply!.Cards.Any(card => card.Kind == rest.Split(' ')[0] && (!rest.Contains(' ', StringComparison.Ordinal) || card.Data.GetRawText().Contains(rest[(rest.IndexOf(' ', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal))), at + $"  cards: {string.Join(", ", reply.Cards.Select(card => card.Kind))}");
                    break;
                case "no card":
                    Assert.False(reply!.Cards.Any(card => card.Kind == rest), at);
                    break;
                case "suggests":
                    Assert.True(reply!.SuggestedReplies.Contains(rest), at + $"  suggestions: {string.Join(", ", reply.SuggestedReplies)}");
                    break;
                case "draft":
                    Assert.True(rest == "none" ? chat.State.Draft is null : chat.State.Draft is { } draft && $"{draft.Amount} {draft.CreditorName} from {draft.DebtorAccountName}" == rest, at + $"  draft: {chat.State.Draft}");
                    break;
                default:
                    Assert.Fail($"{file}:{number} has the unknown step '{verb}'.");
                    break;
            }
        }

        Assert.NotNull(reply);
    }

    private static bool Matches((string Tool, IReadOnlyDictionary<string, string> Arguments) call, string expected)
    {
        var match = Call().Match(expected);
        return call.Tool == match.Groups["tool"].Value
            && Argument().Matches(match.Groups["arguments"].Value).All(argument =>
                argument.Groups["value"].Value.Trim('"') is var value
                && (value == "-" ? !call.Arguments.ContainsKey(argument.Groups["name"].Value) : call.Arguments.GetValueOrDefault(argument.Groups["name"].Value) == value));
    }

    private static string Print((string Tool, IReadOnlyDictionary<string, string> Arguments) call) =>
        string.Create(CultureInfo.InvariantCulture, $"{call.Tool} {string.Join(' ', call.Arguments.Select(pair => $"{pair.Key}={pair.Value}"))}");

    [GeneratedRegex(@"^(?<tool>\w+)\s*(?<arguments>.*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Call();

    [GeneratedRegex(@"(?<name>\w+)=(?<value>""[^""]*""|\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Argument();
}
