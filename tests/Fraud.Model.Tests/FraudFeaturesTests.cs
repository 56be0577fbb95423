using FsCheck;
using FsCheck.Fluent;

namespace Fraud.Model.Tests;

public sealed class FraudFeaturesTests
{
    [Fact]
    public void Names_AreDistinctAndAsManyAsFeatures()
    {
        Assert.Equal(FraudFeatures.Count, FraudFeatures.Names.Count);
        Assert.Equal(FraudFeatures.Count, FraudFeatures.Names.Distinct().Count());
        for (var i = 0; i < FraudFeatures.Count; i++)
            Assert.True(Enum.IsDefined(FraudFeatures.ReasonOf(i)));
    }

    [Fact]
    public void Compute_ForAnyFacts_IsFiniteAndNotNegative()
        => Check.QuickThrowOnFailure(Prop.ForAll<(long, long, int, int), (double, double, double, double), (int, int)>((counts, ages, time) =>
        {
            var facts = new PaymentFacts(
                Scenes.Noon.AddMinutes(time.Item1),
                TimeSpan.FromMinutes(time.Item2 % 840),
                counts.Item1,
                counts.Item2,
                (PaymentKind)Math.Abs(counts.Item3 % 3),
                PaymentChannel.Web,
                counts.Item3,
                ages.Item1,
                ages.Item2,
                ages.Item3,
                ages.Item4,
                counts.Item4);
            return Scenes.Features(facts).All(value => float.IsFinite(value) && value >= 0);
        }));

    [Fact]
    public void Compute_WhenFactsAreExtreme_IsFinite()
    {
        double[] ages = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -1, 0];
        long[] amounts = [long.MinValue, -1, 0, long.MaxValue];
        var full = EntityHistory.Empty.With(Scenes.Noon, long.MaxValue, true).With(Scenes.Noon, long.MaxValue, true);
        foreach (var age in ages)
        {
            foreach (var amount in amounts)
            {
                var facts = Scenes.Ordinary with
                {
                    AmountMinor = amount,
                    AvailableBeforeMinor = amount,
                    PayeeAgeHours = age,
                    DeviceAgeDays = age,
                    SessionAgeMinutes = age,
                    CustomerAgeDays = age,
                    PaymentsToPayeeBefore = int.MinValue,
                    CredentialChangesLast7Days = int.MaxValue,
                    At = DateTimeOffset.MaxValue,
                    UtcOffset = TimeSpan.FromHours(14),
                };
                Assert.All(Scenes.Features(facts, full, full), value => Assert.True(float.IsFinite(value)));
                Assert.All(Scenes.Features(facts with { At = DateTimeOffset.MinValue, UtcOffset = TimeSpan.FromHours(-14) }, full, full), value => Assert.True(float.IsFinite(value)));
            }
        }
    }

    [Fact]
    public void Compute_WhenAnAgeIsUnknown_TreatsItAsNew()
        => Assert.Equal(
            Scenes.Features(Scenes.Ordinary with { DeviceAgeDays = 0, PayeeAgeHours = 0 }),
            Scenes.Features(Scenes.Ordinary with { DeviceAgeDays = double.NaN, PayeeAgeHours = -5 }));

    [Fact]
    public void Compute_WhenAmountIsBelowHabit_IsAsUnremarkableAsAnyOther()
        => Assert.Equal(
            Scenes.Features(Scenes.Ordinary with { AmountMinor = 1, AvailableBeforeMinor = 10_000_00 })[..4],
            Scenes.Features(Scenes.Ordinary with { AmountMinor = 40_00, AvailableBeforeMinor = 10_000_00 })[..4]);

    public static TheoryData<string, FraudReasonCode> Factors => new()
    {
        { "amount", FraudReasonCode.AmountUnusual },
        { "stolen credentials", FraudReasonCode.RecentCredentialChange },
        { "device", FraudReasonCode.NewDevice },
        { "payee", FraudReasonCode.NewPayee },
        { "velocity", FraudReasonCode.ManyPaymentsQuickly },
        { "mule", FraudReasonCode.PayeeReceivesFromMany },
        { "balance", FraudReasonCode.BalanceDrained },
        { "night", FraudReasonCode.UnusualTime },
        { "new customer", FraudReasonCode.NewCustomer },
    };

    /// <summary>RTS (EU) 2018/389 art. 2(2): each factor the monitoring must use changes the outcome when it alone changes.</summary>
    [Theory]
    [MemberData(nameof(Factors))]
    public void Score_WhenOneFactorIsToggled_RisesAndNamesIt(string factor, FraudReasonCode reason)
    {
        var model = ModelRegistry.LoadChampion(Scenes.Models).Model!;
        var payer = Scenes.Household();
        var counterparty = Scenes.Friend();
        var facts = Scenes.Ordinary;
        var before = model.Score(Scenes.Features(facts, payer, counterparty));
        switch (factor)
        {
            case "amount": facts = facts with { AmountMinor = 900_00, AvailableBeforeMinor = 9_000_00 }; break;
            case "stolen credentials": facts = facts with { CredentialChangesLast7Days = 2 }; break;
            case "device": facts = facts with { DeviceAgeDays = 0 }; break;
            case "payee": facts = facts with { PaymentsToPayeeBefore = 0, PayeeAgeHours = 0.1 }; break;
            case "velocity":
                for (var i = 5; i > 0; i--)
                    payer = payer.With(Scenes.Noon.AddMinutes(-i), 5_00, newPeer: false);
                break;
            case "mule":
                counterparty = EntityHistory.Empty;
                for (var i = 10; i > 0; i--)
                    counterparty = counterparty.With(Scenes.Noon.AddHours(-i), 60_00, newPeer: true);
                break;
            case "balance": facts = facts with { AvailableBeforeMinor = 61_00 }; break;
            case "night": facts = facts with { At = Scenes.Noon.AddHours(14) }; break;
            case "new customer": facts = facts with { CustomerAgeDays = 0.2 }; break;
            default: Assert.Fail(factor); break;
        }

        var after = model.Score(Scenes.Features(facts, payer, counterparty));
        Assert.True(after.Score > before.Score, $"{after.Score} after {before.Score}");
        Assert.Contains(after.Reasons, found => found.Code == reason);
        Assert.DoesNotContain(before.Reasons, found => found.Code == reason);
    }

    [Fact]
    public void Compute_WhenDestinationIsShort_Throws()
        => Assert.Throws<ArgumentException>(() => FraudFeatures.Compute(Scenes.Ordinary, EntityHistory.Empty, EntityHistory.Empty, new float[FraudFeatures.Count - 1]));
}
