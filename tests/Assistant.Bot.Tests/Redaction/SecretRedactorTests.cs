using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Assistant.Bot.Redaction;
using Assistant.Bot.Tests.Hosting;
using Npgsql;
using Testing;

namespace Assistant.Bot.Tests.Redaction;

public sealed class SecretRedactorTests
{
    [Theory]
    [InlineData("my card is 4111111111111111", "4111")]
    [InlineData("4111 1111 1111 1111", "4111")]
    [InlineData("4111-1111-1111-1111 exp 12/29", "4111")]
    [InlineData("378282246310005 amex", "37828")]
    [InlineData("４１１１１１１１１１１１１１１１", "4111")]
    [InlineData("41\u200B11 1111 1111 1111", "4111")]
    [InlineData("the code is 123456", "123456")]
    [InlineData("123456", "123456")]
    [InlineData("123 456", "123")]
    [InlineData("otp: 654 321 please", "654")]
    [InlineData("My authenticator app says 987654", "987654")]
    [InlineData("123456 is my code", "123456")]
    [InlineData("my PIN is 4821", "4821")]
    [InlineData("cvv 123", "123")]
    [InlineData("my password is hunter2", "hunter2")]
    [InlineData("Password: correct horse battery staple", "horse")]
    [InlineData("pw = Tr0ub4dor&3, can you log me in", "Tr0ub4dor")]
    [InlineData("my password is \"p@ss word\" ok", "p@ss")]
    public void Redact_WhenASecretIsWritten_RemovesIt(string text, string secret)
    {
        var (redacted, kinds) = SecretRedactor.Redact(text);

        Assert.DoesNotContain(secret, redacted, StringComparison.Ordinal);
        Assert.NotEqual(RedactedKinds.None, kinds);
        Assert.NotEmpty(SecretRedactor.Explain(kinds));
    }

    [Theory]
    [InlineData("Pay Maya £60")]
    [InlineData("Pay 123456.00 to Tom")]
    [InlineData("send 1,500 to Maya Okafor")]
    [InlineData("IBAN GB29 NWBK 6016 1331 9268 19")]
    [InlineData("GB29NWBK60161331926819 is Tom's")]
    [InlineData("my sort code is 200000")]
    [InlineData("I forgot my password")]
    [InlineData("my password is not working")]
    [InlineData("what did I spend in 2025?")]
    [InlineData("transactions since 2026-01-15")]
    public void Redact_WhenThereIsNoSecret_ChangesNothing(string text)
    {
        Assert.Equal((text, RedactedKinds.None), SecretRedactor.Redact(text));
    }

    [Fact]
    public void Redact_WhenASecretIsInAValue_RemovesItThere()
    {
        var (value, kinds) = SecretRedactor.Redact(JsonNode.Parse("""{"action":"say","text":"4111111111111111","deep":[{"n":4111111111111111}]}"""));

        Assert.DoesNotContain("4111", value!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(RedactedKinds.CardNumber, kinds);
    }
}

/// <summary>SR-44: secrets sent through the channel are in no table, no log line and no answer.</summary>
public sealed class RedactionSweepTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private FakeBank _bank = null!;
    private BotHost _bot = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await BotHost.CreateDatabaseAsync();
        _bank = await FakeBank.StartAsync();
        _bot = await BotHost.StartAsync(_database, _bank, new EchoPlanner());
    }

    public async ValueTask DisposeAsync()
    {
        await _bot.DisposeAsync();
        await _bank.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Messages_WithTwoHundredSecrets_LeaveNoneAnywhere()
    {
        // A fixed seed: the same two hundred each time.
#pragma warning disable RS0030
        var random = new Random(44);
#pragma warning restore RS0030
        var secrets = new List<(string Text, string Secret)>();
        for (var i = 0; i < 200; i++)
        {
            var code = random.Next(100_000, 1_000_000).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var card = Card(random);
            var password = $"Zq{random.Next(1_000_000):D6}xW";
            secrets.Add((i % 8) switch
            {
                0 => ($"my card number is {card}", card),
                1 => ($"here: {string.Join(' ', card.Chunk(4).Select(part => new string(part)))} thanks", card[4..8] + " " + card[8..12]),
                2 => ($"the code is {code}", code),
                3 => (code, code),
                4 => ($"my authenticator shows {code} now", code),
                5 => ($"my password is {password}", password),
                6 => ($"password: {password}\nplease log me in", password),
                _ => ($"code {code} and card {card}", card),
            });
        }

        var clients = new List<DirectLineClient>();
        foreach (var batch in secrets.Chunk(20))
        {
            var client = await _bot.OpenAsync();
            clients.Add(client);
            foreach (var (text, _) in batch)
            {
                await client.SayAsync(text);
            }
        }

        var transcript = "";
        foreach (var client in clients)
        {
            // Each message is answered by the notice at least.
            var all = await client.ReadAllAsync();
            transcript += string.Join('\n', all.Select(activity => $"{activity["text"]} {activity["value"]?.ToJsonString()}"));
            Assert.Equal(20, all.Count(activity => ((string?)activity["text"])?.StartsWith("I removed", StringComparison.Ordinal) == true));
        }

        await using var connection = new NpgsqlConnection(_database.SuperuserConnectionString);
        await connection.OpenAsync();
        await using var dump = new NpgsqlCommand(
            """
            select coalesce(string_agg(x, E'\n'), '') from (
                select encode(content, 'escape') x from assistant.activity union all select client_activity_id from assistant.activity union all
                select encode(input, 'escape') from assistant.turn union all select encode(reply, 'escape') from assistant.turn union all
                select encode(content, 'escape') from assistant.dialogue_event) written
            """,
            connection);
        var stored = (string)(await dump.ExecuteScalarAsync())!;
        Assert.NotEmpty(stored);
        foreach (var (text, secret) in secrets)
        {
            Assert.False(transcript.Contains(secret, StringComparison.Ordinal), $"'{text}' is in the transcript.");
            Assert.False(IsIn(_bot.Log.Text, secret), $"'{text}' is in the log.");
            Assert.False(stored.Contains(secret, StringComparison.Ordinal), $"'{text}' is in the database.");
        }

        // What is stored is encrypted: not even harmless words are readable there.
        Assert.DoesNotContain("please log me in", stored, StringComparison.Ordinal);
    }

    // Durations and ids in the log may hold the same six digits as part of a longer figure.
    private static bool IsIn(string log, string secret) => Regex.IsMatch(log, $"(?<![0-9A-Za-z.-]){Regex.Escape(secret)}(?![0-9A-Za-z])", RegexOptions.None, TimeSpan.FromMinutes(1));

    private static string Card(Random random)
    {
        var digits = "4" + string.Concat(Enumerable.Range(0, 14).Select(_ => random.Next(10)));
        for (var check = 0; ; check++)
        {
            var card = digits + check;
            var sum = 0;
            for (var i = 0; i < card.Length; i++)
            {
                var digit = card[^(i + 1)] - '0';
                sum += i % 2 == 0 ? digit : digit > 4 ? (digit * 2) - 9 : digit * 2;
            }

            if (sum % 10 == 0)
            {
                return card;
            }
        }
    }
}
