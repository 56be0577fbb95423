using System.Text.Json;
using Assistant.Bot.Conversations;
using Assistant.Bot.Events;
using Assistant.Bot.Planning;
using Assistant.Bot.Tests.Hosting;
using Assistant.Bot.Turns;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Testing;

namespace Assistant.Bot.Tests.Turns;

/// <summary>The process dies before and after every commit of a turn; another one goes on. Nothing is lost, nothing is doubled.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    // accept, lease, next, three plans with four results, reply, next, release.
    private const int Commits = 13;

    private TestDatabase _database = null!;
    private FakeBank _bank = null!;

    public static TheoryData<int, bool> Points
    {
        get
        {
            var points = new TheoryData<int, bool>();
            for (var commit = 1; commit <= Commits; commit++)
            {
                points.Add(commit, false);
                points.Add(commit, true);
            }

            return points;
        }
    }

    public async ValueTask InitializeAsync()
    {
        _database = await BotHost.CreateDatabaseAsync();
        _bank = await FakeBank.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _bank.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Turn_WhenTheProcessDiesAtACommit_IsResumedExactlyOnce(int commit, bool after)
    {
        var planner = new ScriptedPlanner(
            [ScriptedPlanner.Call(ToolNames.AccountsList), ScriptedPlanner.Call(ToolNames.PayeesList)],
            [ScriptedPlanner.Call(ToolNames.PaymentsDraft, ("debtorAccountId", FakeBank.CurrentAccount), ("payeeId", FakeBank.Maya), ("amount", "60.00"), ("currency", "GBP"))],
            [ScriptedPlanner.Call(ToolNames.PaymentsStatus)])
        { Reply = "Prepared." };
        var clock = new FakeTimeProvider();
        MortalJournal? mortal = null;
        await using var first = await BotHost.StartAsync(_database, _bank, planner, clock, services =>
        {
            services.AddSingleton<TurnJournal>();
            services.AddSingleton<ITurnJournal>(provider => mortal = new MortalJournal(provider.GetRequiredService<TurnJournal>()));
        });
        await using var second = await BotHost.StartAsync(_database, _bank, planner, clock);
        var client = await first.OpenAsync();
        mortal!.DieAt(commit, after);

        var message = new { type = "message", text = "Pay Maya 60", channelData = new { clientActivityID = "c1" } };
        var (status, _) = await client.PostAsync(message);
        await Wait.UntilAsync(() => mortal.IsDead || status != 200);
        Assert.True(mortal.IsDead, "The turn has fewer commits than the test kills at.");

        // The client repeats what was not acknowledged, and the other process finds the lease run out. From the moment it has the lease the clock
        // stands still: the limits of its turn are measured by the same clock.
        var leaseOfTheDead = await LeaseTokenAsync();
        var survivor = new DirectLineClient(second.Http, client.ConversationId, client.Token);
        Assert.Equal(200, (await survivor.PostAsync(message)).Status);
        await Wait.UntilAsync(
            async () =>
            {
                if (await LeaseTokenAsync() == leaseOfTheDead)
                {
                    clock.Advance(TimeSpan.FromSeconds(2));
                }

                return (await survivor.ReadAllAsync()).Any(activity => (string?)activity["text"] == "Prepared.");
            });

        var all = await survivor.ReadAllAsync();
        Assert.Single(all, activity => (string?)activity["from"]!["role"] == "user");
        Assert.Single(all, activity => (string?)activity["text"] == "Prepared.");
        Assert.Equal(3, all.Count);
        Assert.Single(_bank.Payments);
        var drafts = _bank.Calls.Where(call => call is { Method: "POST", Path: "/v1/payments" }).ToList();
        Assert.Single(drafts.Select(call => call.Header("Idempotency-Key")).Distinct());
        Assert.All(drafts, call =>
        {
            Assert.Equal(client.ConversationId, call.Header("X-Conversation-Id"));
            Assert.Equal(call.Header("Idempotency-Key"), call.Header("X-Tool-Call-Id"));
            Assert.StartsWith("trn_", call.Header("X-Turn-Id"), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Commit_WhenAnotherProcessTookTheLease_IsRefused()
    {
        var clock = new FakeTimeProvider();
        await using var bot = await BotHost.StartAsync(_database, _bank, new SilentPlanner(), clock);
        var journal = bot.Services.GetRequiredService<ITurnJournal>();
        var store = bot.Services.GetRequiredService<ConversationStore>();
        var conversation = await store.CreateAsync(userId: null, CancellationToken.None);
        await journal.AcceptAsync(conversation, new InboundActivity(Replies.Message("hi"), null, new CustomerInput.Text("hi"), default), CancellationToken.None);
        var stale = (await journal.TryLeaseAsync(conversation.Key, "first", CancellationToken.None))!;
        var open = (await journal.NextAsync(stale, CancellationToken.None))!;
        Assert.Null(await journal.TryLeaseAsync(conversation.Key, "second", CancellationToken.None));

        var fresh = await WaitForLeaseAsync(journal, conversation.Key, clock);

        Assert.True(fresh.Token > stale.Token);
        await Assert.ThrowsAsync<LeaseLostException>(() => journal.CommitReplyAsync(stale, open.Turn, Replies.Say("stale"), CancellationToken.None));
        Assert.DoesNotContain((await store.ReadAsync(conversation.Key, 0, 10, CancellationToken.None)).Activities, activity => activity.Text == "stale");
    }

    private async Task<long> LeaseTokenAsync()
    {
        await using var connection = new NpgsqlConnection(_database.AppConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select max(lease_token) from assistant.conversation", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<ConversationLease> WaitForLeaseAsync(ITurnJournal journal, long key, FakeTimeProvider clock) =>
        await Wait.ForAsync(async () =>
        {
            clock.Advance(TurnJournal.LeaseTime);
            return await journal.TryLeaseAsync(key, "second", CancellationToken.None);
        });

    private sealed class SilentPlanner : IPlanner
    {
        public string Name => "embedded";

        public Task<PlannerStep> NextAsync(PlannerTurn turn, CancellationToken cancellationToken) => new TaskCompletionSource<PlannerStep>().Task;
    }

    private sealed class DeadException() : Exception("The process is dead.");

    /// <summary>A journal whose process dies at a chosen commit, and stays dead.</summary>
    private sealed class MortalJournal(TurnJournal inner) : ITurnJournal
    {
        private int _commits;
        private int _dieAt = int.MaxValue;
        private bool _after;

        public bool IsDead { get; private set; }

        public void DieAt(int commit, bool after) => (_commits, _dieAt, _after) = (0, commit, after);

        public Task<AcceptedActivity?> AcceptAsync(Conversation conversation, InboundActivity inbound, CancellationToken cancellationToken) =>
            RunAsync(() => inner.AcceptAsync(conversation, inbound, cancellationToken));

        public Task<IReadOnlyList<long>> AcceptEventAsync(BankEvent bankEvent, CancellationToken cancellationToken) => RunAsync(() => inner.AcceptEventAsync(bankEvent, cancellationToken));

        public Task<ConversationLease?> TryLeaseAsync(long conversationKey, string owner, CancellationToken cancellationToken) => RunAsync(() => inner.TryLeaseAsync(conversationKey, owner, cancellationToken));

        public Task ReleaseAsync(ConversationLease lease, CancellationToken cancellationToken) => RunAsync(() => Wrap(inner.ReleaseAsync(lease, cancellationToken)));

        public Task<OpenTurn?> NextAsync(ConversationLease lease, CancellationToken cancellationToken) => RunAsync(() => inner.NextAsync(lease, cancellationToken));

        public Task<bool> HasOpenTurnAsync(long conversationKey, CancellationToken cancellationToken) => IsDead ? throw new DeadException() : inner.HasOpenTurnAsync(conversationKey, cancellationToken);

        public Task CommitPlanAsync(ConversationLease lease, Turn turn, IReadOnlyList<JournaledCall> calls, IReadOnlyList<DialogueEvent> events, CancellationToken cancellationToken) =>
            RunAsync(() => Wrap(inner.CommitPlanAsync(lease, turn, calls, events, cancellationToken)));

        public Task CommitResultAsync(ConversationLease lease, Turn turn, string callId, JsonElement result, CancellationToken cancellationToken) =>
            RunAsync(() => Wrap(inner.CommitResultAsync(lease, turn, callId, result, cancellationToken)));

        public Task CommitPlannerAsync(ConversationLease lease, Turn turn, string planner, CancellationToken cancellationToken) => RunAsync(() => Wrap(inner.CommitPlannerAsync(lease, turn, planner, cancellationToken)));

        public Task CommitReplyAsync(ConversationLease lease, Turn turn, TurnReply reply, CancellationToken cancellationToken) => RunAsync(() => Wrap(inner.CommitReplyAsync(lease, turn, reply, cancellationToken)));

        public Task<IReadOnlyList<long>> FindAbandonedAsync(long? conversationKey, CancellationToken cancellationToken) =>
            IsDead ? Task.FromResult<IReadOnlyList<long>>([]) : inner.FindAbandonedAsync(conversationKey, cancellationToken);

        private static async Task<bool> Wrap(Task task)
        {
            await task;
            return true;
        }

        private async Task<T> RunAsync<T>(Func<Task<T>> work)
        {
            if (IsDead)
            {
                throw new DeadException();
            }

            var dies = Interlocked.Increment(ref _commits) == _dieAt;
            if (dies && !_after)
            {
                IsDead = true;
                throw new DeadException();
            }

            var result = await work();
            if (dies)
            {
                IsDead = true;
                throw new DeadException();
            }

            return result;
        }
    }
}
