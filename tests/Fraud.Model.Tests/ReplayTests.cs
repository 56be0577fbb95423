namespace Fraud.Model.Tests;

public sealed class ReplayTests
{
    private static readonly SimulationOptions Small = new() { Seed = 3, Customers = 120, Days = 60, WarmUpDays = 45 };

    [Fact]
    public void Next_WhenHistoriesAreStoredAsBytesAfterEveryPayment_YieldsTheSameBits()
    {
        var offline = new HistoryReplay();
        var online = new StoredReplay();
        var left = new float[FraudFeatures.Count];
        var right = new float[FraudFeatures.Count];
        var payments = 0;
        foreach (var payment in new BankSimulator(Small).Run())
        {
            offline.Next(payment, left);
            online.Next(payment, right);
            for (var i = 0; i < left.Length; i++)
                Assert.Equal(BitConverter.SingleToInt32Bits(left[i]), BitConverter.SingleToInt32Bits(right[i]));
            payments++;
        }

        Assert.True(payments > 1000);
    }

    [Fact]
    public void Run_WithTheSameSeed_IsTheSameBank()
    {
        Assert.Equal(new BankSimulator(Small).Run().ToArray(), new BankSimulator(Small).Run().ToArray());
        Assert.NotEqual(
            new BankSimulator(Small).Run().Select(payment => payment.Facts.AmountMinor),
            new BankSimulator(Small with { Seed = 4 }).Run().Select(payment => payment.Facts.AmountMinor));
    }

    [Fact]
    public void Run_IsInOrderOfTimeWithinBalancesAndShowsEveryScenario()
    {
        var payments = new BankSimulator(Small with { Customers = 400, EpisodesPerThousandCustomerMonths = 60 }).Run().ToArray();

        Assert.All(payments.Zip(payments.Skip(1)), pair => Assert.True(pair.First.Facts.At <= pair.Second.Facts.At));
        Assert.All(payments, payment => Assert.InRange(payment.Facts.AmountMinor, 1, payment.Facts.AvailableBeforeMinor));
        Assert.Equal(Enum.GetValues<FraudScenario>(), payments.Select(payment => payment.Scenario).Distinct().Order());
        Assert.All(payments.Where(payment => payment.Scenario != FraudScenario.None), payment => Assert.True(payment.Episode > 0));
    }

    private sealed class StoredReplay : HistoryReplay
    {
        protected override EntityHistory Keep(EntityHistory history) => EntityHistory.FromBytes(history.ToBytes());
    }
}
