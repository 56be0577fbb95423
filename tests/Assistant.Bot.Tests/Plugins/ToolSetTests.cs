using System.Text;
using Assistant.Bot.Cards;
using Assistant.Bot.Planning.Model;
using Assistant.Bot.Plugins;
using Assistant.Bot.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Testing;

namespace Assistant.Bot.Tests.Plugins;

public sealed class ToolSetTests
{
    /// <summary>SR-56. A new tool, or a new argument of one, is a decision: it is made here too.</summary>
    private const string Snapshot =
        """
        accounts_list()
        transactions_search(accountId?, from?, to?, text?, category?, limit?)
        insights_spending(from, to, accountId?)
        payees_list(name?)
        payees_propose(name, iban?)
        payments_draft(debtorAccountId, amount, currency, payeeId?, creditorAccountId?, reference?)
        payments_amend(paymentId, amount?, debtorAccountId?, payeeId?, reference?)
        payments_status(paymentId?)
        payments_cancel(paymentId)
        help_topic(topic)

        """;

    [Fact]
    public async Task Tools_AreExactlyThese()
    {
        await using var database = await BotHost.CreateDatabaseAsync();
        await using var bank = await FakeBank.StartAsync();
        await using var bot = await BotHost.StartAsync(database, bank, new EchoPlanner());

        var text = new StringBuilder();
        foreach (var tool in bot.Services.GetRequiredService<ToolSet>().Declarations)
        {
            var schema = tool.JsonSchema;
            var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()).ToHashSet() : [];
            var arguments = schema.GetProperty("properties").EnumerateObject().Select(argument => argument.Name + (required.Contains(argument.Name) ? "" : "?"));
            text.Append(tool.Name).Append('(').AppendJoin(", ", arguments).Append(")\n");
            Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
            Assert.NotEmpty(tool.Description);
        }

        Assert.Equal(Snapshot.ReplaceLineEndings("\n"), text.ToString());
    }

    [Fact]
    public async Task Health_WhenTheDatabaseIsThere_IsReady()
    {
        await using var database = await BotHost.CreateDatabaseAsync();
        await using var bank = await FakeBank.StartAsync();
        await using var bot = await BotHost.StartAsync(database, bank, new EchoPlanner());

        Assert.Equal(200, (int)(await bot.Http.GetAsync("health/live")).StatusCode);
        Assert.Equal(200, (int)(await bot.Http.GetAsync("health/ready")).StatusCode);
    }
}
