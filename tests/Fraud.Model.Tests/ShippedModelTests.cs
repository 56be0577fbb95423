namespace Fraud.Model.Tests;

/// <summary>What the model in <c>models/fraud</c> must do for customers.</summary>
public sealed class ShippedModelTests(ShippedModelTests.Fixture fixture) : IClassFixture<ShippedModelTests.Fixture>
{
    private FraudModel Model => fixture.Model;

    public static TheoryData<string> Balances => ["2431.18", "640.00", "180.00", "15200.00"];

    [Fact]
    public void LoadChampion_WhenFilesAreAsCommitted_Succeeds()
    {
        var loaded = ModelRegistry.LoadChampion(Scenes.Models);

        Assert.Null(loaded.Failure);
        Assert.NotNull(loaded.Model);
        Assert.InRange(loaded.Model.HoldThreshold, loaded.Model.StrongFactorThreshold, 0.9999);
    }

    [Fact]
    public void ScoreOnly_WhenSavedPayeeIsPaidAnOrdinaryAmount_IsFarFromHeld()
    {
        Assert.True(Model.ScoreOnly(Scenes.Features(Scenes.Ordinary)) < Model.StrongFactorThreshold);
    }

    [Theory]
    [MemberData(nameof(Balances))]
    public void ScoreOnly_WhenSixtyGoesToASavedPayeeFromANewBrowser_IsNotHeld(string balance)
    {
        foreach (var changes in (int[])[0, 1, 2])
        {
            foreach (var payer in (EntityHistory[])[Scenes.Household(), Scenes.Household(1), EntityHistory.Empty])
            {
                foreach (var session in (double[])[0.3, 2, 12])
                {
                    var facts = Scenes.Ordinary with
                    {
                        PaymentsToPayeeBefore = 3,
                        PayeeAgeHours = 60 * 24,
                        DeviceAgeDays = session / 60 / 24,
                        SessionAgeMinutes = session,
                        AvailableBeforeMinor = Minor(balance),
                        CredentialChangesLast7Days = changes,
                    };
                    AssertNotHeld(facts, payer, Scenes.Friend());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Balances))]
    public void ScoreOnly_WhenTwentyFiveGoesToAPayeeOfAnHourFromANewBrowser_IsNotHeld(string balance)
    {
        foreach (var changes in (int[])[0, 1])
        {
            foreach (var counterparty in (EntityHistory[])[EntityHistory.Empty, Scenes.Friend()])
            {
                var facts = Scenes.Ordinary with
                {
                    AmountMinor = 25_00,
                    PaymentsToPayeeBefore = 0,
                    PayeeAgeHours = 1,
                    DeviceAgeDays = 0.01,
                    SessionAgeMinutes = 4,
                    AvailableBeforeMinor = Minor(balance),
                    CredentialChangesLast7Days = changes,
                    Channel = PaymentChannel.Assistant,
                };
                AssertNotHeld(facts, Scenes.Household(), counterparty);
                AssertNotHeld(facts, Scenes.Household(1), counterparty);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Balances))]
    public void Score_WhenBalanceIsEmptiedToAPayeeOfMinutesFromANewDevice_IsHeldForThatReason(string balance)
    {
        foreach (var changes in (int[])[0, 1, 2])
        {
            var available = Minor(balance);
            var facts = Scenes.Ordinary with
            {
                AmountMinor = available / 100 * 95,
                AvailableBeforeMinor = available,
                PaymentsToPayeeBefore = 0,
                PayeeAgeHours = 0.05,
                DeviceAgeDays = 0.002,
                SessionAgeMinutes = 3,
                CredentialChangesLast7Days = changes,
            };
            var score = Model.Score(Scenes.Features(facts, counterparty: EntityHistory.Empty));

            Assert.True(score.Score >= Model.HoldThreshold, $"{balance}, {changes} changes: {score.Score} < {Model.HoldThreshold}");
            Assert.Equal(Model.Version, score.ModelVersion);
            Assert.Contains(score.Reasons, reason => reason.Code is FraudReasonCode.TakeoverPattern or FraudReasonCode.BalanceDrained);
        }
    }

    [Fact]
    public void ScoreOnly_WhenAFreshAccountCollectsFromMany_RisesWithEachVictim()
    {
        var facts = Scenes.Ordinary with { AmountMinor = 420_00, PaymentsToPayeeBefore = 0, PayeeAgeHours = 0.3 };
        var mule = EntityHistory.Empty;
        var first = Model.ScoreOnly(Scenes.Features(facts, counterparty: mule));
        for (var victim = 0; victim < 10; victim++)
            mule = mule.With(Scenes.Noon.AddHours(-20 + 2 * victim), 380_00, newPeer: true);

        var score = Model.Score(Scenes.Features(facts, counterparty: mule));
        Assert.True(score.Score > first);
        Assert.True(score.Score >= Model.HoldThreshold);
        Assert.Contains(score.Reasons, reason => reason.Code == FraudReasonCode.PayeeReceivesFromMany);
    }

    [Fact]
    public void ScoreOnly_WhenOwnMoneyMovesBetweenOwnAccounts_IsNotHeldWhateverTheAmount()
    {
        var facts = Scenes.Ordinary with { Kind = PaymentKind.OwnTransfer, AmountMinor = 2_431_18, PaymentsToPayeeBefore = 0, PayeeAgeHours = 0, DeviceAgeDays = 0 };
        AssertNotHeld(facts, Scenes.Household(), EntityHistory.Empty);
    }

    [Fact]
    public void Evaluate_OnABankNeverSeen_HoldsAtMostHalfAPercentOfOrdinaryPayments()
    {
        var evaluation = ModelEvaluation.Run(Model, new SimulationOptions(), [90_210]);

        Assert.True(evaluation.OrdinaryHoldRate <= 0.005, $"{evaluation.OrdinaryHoldRate:P3} of ordinary payments are held.");
        Assert.True(evaluation.Ranking.AucRoc > 0.95, $"AUC {evaluation.Ranking.AucRoc}");
        Assert.True(evaluation.Scenarios.Single(row => row.Scenario == FraudScenario.AccountTakeover).EpisodeRecall >= 0.9);
        Assert.All(evaluation.Scenarios, row => Assert.True(row.EpisodeRecall >= 0.4, $"{row.Scenario}: {row.EpisodeRecall:P0}"));
    }

    private static long Minor(string amount) => (long)(decimal.Parse(amount) * 100);

    private void AssertNotHeld(PaymentFacts facts, EntityHistory payer, EntityHistory counterparty)
    {
        var score = Model.Score(Scenes.Features(facts, payer, counterparty));
        Assert.True(score.Score < Model.HoldThreshold, $"{score.Score} >= {Model.HoldThreshold} for {facts}: {string.Join(", ", score.Reasons)}");
    }

    public sealed class Fixture
    {
        public FraudModel Model { get; } = ModelRegistry.LoadChampion(Scenes.Models).Model ?? throw new InvalidOperationException("The shipped model does not load.");
    }
}
