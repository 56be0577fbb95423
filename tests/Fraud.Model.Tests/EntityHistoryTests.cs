using FsCheck;
using FsCheck.Fluent;

namespace Fraud.Model.Tests;

public sealed class EntityHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 10, 2, 0, TimeSpan.Zero);

    [Fact]
    public void With_WhenPaymentsAreRecent_CountsThemInEveryWindow()
    {
        var history = EntityHistory.Empty.With(Start, 10_00, newPeer: true).With(Start.AddMinutes(4), 20_00, newPeer: false);

        foreach (var window in Enum.GetValues<HistoryWindow>())
        {
            Assert.Equal(2, history.Count(window, Start.AddMinutes(5)));
            Assert.Equal(30_00, history.AmountMinor(window, Start.AddMinutes(5)));
        }

        Assert.Equal(1, history.NewPeers(HistoryWindow.OneDay, Start));
        Assert.Equal(2, history.TotalCount);
        Assert.Equal(15_00, history.MeanAmountMinor);
        Assert.Equal(Start, history.FirstSeen);
        Assert.Equal(Start.AddMinutes(4), history.LastSeen);
    }

    [Theory]
    [InlineData(HistoryWindow.TenMinutes, 10, 15)]
    [InlineData(HistoryWindow.OneHour, 60, 65)]
    [InlineData(HistoryWindow.OneDay, 24 * 60, 48 * 60)]
    [InlineData(HistoryWindow.SevenDays, 7 * 24 * 60, 8 * 24 * 60)]
    [InlineData(HistoryWindow.ThirtyDays, 30 * 24 * 60, 31 * 24 * 60)]
    public void Count_AtEveryOffset_CoversTheWindowAndAtMostOneBucketMore(HistoryWindow window, int atLeast, int atMost)
    {
        for (var offset = 0; offset < 24 * 60; offset += 7)
        {
            var at = Start.AddMinutes(offset);
            var history = EntityHistory.Empty.With(at, 1_00, newPeer: false);
            Assert.Equal(1, history.Count(window, at.AddMinutes(atLeast)));
            Assert.Equal(0, history.Count(window, at.AddMinutes(atMost)));
        }
    }

    [Fact]
    public void With_WhenClockGoesBackwards_AttributesToTheNewestBucket()
    {
        var history = EntityHistory.Empty.With(Start, 10_00, newPeer: false).With(Start.AddDays(-3), 5_00, newPeer: false);

        Assert.Equal(Start, history.LastSeen);
        Assert.Equal(2, history.Count(HistoryWindow.TenMinutes, Start));
        Assert.Equal(2, history.Count(HistoryWindow.TenMinutes, Start.AddYears(-1)));
        Assert.Equal(15_00, history.AmountMinor(HistoryWindow.TenMinutes, Start));
    }

    [Fact]
    public void With_WhenAmountsOverflow_Saturates()
    {
        var history = EntityHistory.Empty.With(Start, long.MaxValue, newPeer: false).With(Start, long.MaxValue, newPeer: false);

        Assert.Equal(long.MaxValue, history.TotalAmountMinor);
        Assert.Equal(long.MaxValue, history.AmountMinor(HistoryWindow.ThirtyDays, Start));
        Assert.True(double.IsFinite(history.SumOfSquares));
        Assert.Equal(history.ToBytes(), EntityHistory.FromBytes(history.ToBytes()).ToBytes());
    }

    [Fact]
    public void With_WhenAmountIsNegative_CountsItAsZero()
    {
        var history = EntityHistory.Empty.With(Start, long.MinValue, newPeer: false);

        Assert.Equal(1, history.TotalCount);
        Assert.Equal(0, history.TotalAmountMinor);
    }

    [Fact]
    public void With_AtTheEndsOfTime_DoesNotThrow()
    {
        var history = EntityHistory.Empty.With(DateTimeOffset.MinValue, 1, newPeer: true).With(DateTimeOffset.MaxValue, 2, newPeer: true);

        Assert.Equal(1, history.Count(HistoryWindow.ThirtyDays, DateTimeOffset.MaxValue));
        Assert.Equal(history.ToBytes(), EntityHistory.FromBytes(history.ToBytes()).ToBytes());
    }

    [Fact]
    public void With_LeavesTheOriginalAsItWas()
    {
        var before = EntityHistory.Empty.With(Start, 10_00, newPeer: true);
        var bytes = before.ToBytes();
        before.With(Start.AddDays(40), 99_00, newPeer: true);

        Assert.Equal(bytes, before.ToBytes());
        Assert.True(EntityHistory.Empty.IsEmpty);
    }

    [Fact]
    public void NewPeers_WhenWindowIsShorterThanADay_IsRefused()
        => Assert.Throws<ArgumentOutOfRangeException>(() => EntityHistory.Empty.NewPeers(HistoryWindow.OneHour, Start));

    [Fact]
    public void Count_AgainstAListOfAllPayments_AgreesOnBuckets()
    {
        var random = new DeterministicRandom(5);
        var history = EntityHistory.Empty;
        var payments = new List<(DateTimeOffset At, long Amount)>();
        var at = Start;
        for (var i = 0; i < 2000; i++)
        {
            at = at.AddMinutes(random.NextExponential(random.Chance(0.1) ? 4000 : 30));
            var days = payments.Where(p => p.At.UtcDateTime.Date >= at.UtcDateTime.Date.AddDays(-7)).ToArray();
            Assert.Equal(days.Length, history.Count(HistoryWindow.SevenDays, at));
            Assert.Equal(days.Sum(p => p.Amount), history.AmountMinor(HistoryWindow.SevenDays, at));
            var slot = at.ToUnixTimeSeconds() / 300;
            Assert.Equal(payments.Count(p => p.At.ToUnixTimeSeconds() / 300 >= slot - 12), history.Count(HistoryWindow.OneHour, at));
            var amount = random.Next(100_000);
            payments.Add((at, amount));
            history = history.With(at, amount, newPeer: false);
        }
    }

    [Fact]
    public void FromBytes_OfWhatToBytesWrote_IsTheSameHistory()
        => Check.QuickThrowOnFailure(Prop.ForAll<long[], int[], bool>((amounts, gaps, newPeer) =>
        {
            var history = EntityHistory.Empty;
            var at = Start;
            for (var i = 0; i < amounts.Length; i++)
            {
                at = at.AddSeconds(gaps.Length == 0 ? 0 : gaps[i % gaps.Length] * 997.0);
                history = history.With(at, amounts[i], newPeer ^ i % 3 == 0);
            }

            var read = EntityHistory.FromBytes(history.ToBytes());
            var later = at.AddDays(3);
            return read.ToBytes().SequenceEqual(history.ToBytes())
                && read.With(later, 7, true).ToBytes().SequenceEqual(history.With(later, 7, true).ToBytes());
        }));

    [Fact]
    public void TryFromBytes_WhenThereIsNothing_IsEmpty()
    {
        Assert.True(EntityHistory.TryFromBytes([], out var history, out _));
        Assert.True(history.IsEmpty);
        Assert.True(EntityHistory.FromBytes(EntityHistory.Empty.ToBytes()).IsEmpty);
    }

    [Fact]
    public void TryFromBytes_WhenBytesAreBad_NamesTheError()
    {
        var bytes = Scenes.Household().ToBytes();

        Assert.False(EntityHistory.TryFromBytes([9, .. bytes[1..]], out var history, out var error));
        Assert.Equal(EntityHistoryError.UnsupportedVersion, error);
        Assert.True(history.IsEmpty);
        Assert.False(EntityHistory.TryFromBytes(bytes.AsSpan(0, bytes.Length - 1), out _, out error));
        Assert.Equal(EntityHistoryError.Truncated, error);
        Assert.False(EntityHistory.TryFromBytes([.. bytes, 0], out _, out error));
        Assert.Equal(EntityHistoryError.TrailingBytes, error);
        Assert.Contains("Truncated", Assert.Throws<FormatException>(() => EntityHistory.FromBytes(bytes.AsSpan(0, 5))).Message);
    }

    [Fact]
    public void TryFromBytes_WhenBytesAreMutated_NeverThrowsAndWhatItReadsWorks()
    {
        var random = new DeterministicRandom(23);
        var original = Scenes.Household().ToBytes();
        var features = new float[FraudFeatures.Count];
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = (byte[])original.Clone();
            for (var change = 0; change <= random.Next(4); change++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Chance(0.2))
                bytes = bytes[..random.Next(bytes.Length)];

            if (!EntityHistory.TryFromBytes(bytes, out var history, out var error))
            {
                Assert.NotEqual(EntityHistoryError.None, error);
                continue;
            }

            FraudFeatures.Compute(Scenes.Ordinary, history, history, features);
            Assert.All(features, value => Assert.True(float.IsFinite(value)));
            history.With(Scenes.Noon, 5, newPeer: true);
        }
    }

    [Fact]
    public void ToBytes_OfABusyAccount_StaysSmall() => Assert.InRange(Scenes.Household(12).ToBytes().Length, 50, 400);
}
