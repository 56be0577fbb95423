namespace Fraud.Model;

/// <summary>The windows over which an <see cref="EntityHistory"/> can be read.</summary>
public enum HistoryWindow
{
    /// <summary>The last 10 minutes (10 to 15, see <see cref="EntityHistory"/>).</summary>
    TenMinutes,

    /// <summary>The last hour (60 to 65 minutes).</summary>
    OneHour,

    /// <summary>The last day (24 to 48 hours).</summary>
    OneDay,

    /// <summary>The last 7 days (7 to 8 days).</summary>
    SevenDays,

    /// <summary>The last 30 days (30 to 31 days).</summary>
    ThirtyDays,
}

/// <summary>
/// Rolling activity of one entity in one role: what an account sent, or what an account received. An account that does both has two.
/// Immutable; rolling forward copies about one kilobyte. The same code runs online (stored as bytes beside the account,
/// replaced by compare-and-set on its version) and offline (replay for training), so the features cannot differ.
/// </summary>
/// <remarks>
/// <para>
/// Recent activity is kept in 13 slots of five minutes and 31 UTC days. A window of length N is read as the current bucket plus
/// as many whole ones as make up N, so it always covers at least N and at most N plus one bucket: an attacker gains nothing by
/// straddling a boundary. Long-run moments of the amount and a histogram of the UTC hour are kept besides.
/// </para>
/// <para>
/// Time never runs backwards here: a payment (or a read) earlier than the newest one recorded is attributed to the newest bucket.
/// Counters and sums saturate instead of overflowing. A negative amount counts as zero.
/// </para>
/// </remarks>
public sealed partial class EntityHistory
{
    internal const int SlotBuckets = 13;
    internal const int DayBuckets = 31;
    internal const int HourBuckets = 24;
    internal const long SlotMilliseconds = 5 * 60 * 1000;
    internal const long DayMilliseconds = 24 * 60 * 60 * 1000;

    /// <summary>When the hour histogram holds this many payments all its cells are halved, so that old habits fade.</summary>
    internal const long HourMemory = 1024;

    private const int SlotCounts = 0;
    private const int SlotAmounts = SlotCounts + SlotBuckets;
    private const int DayCounts = SlotAmounts + SlotBuckets;
    private const int DayAmounts = DayCounts + DayBuckets;
    private const int DayPeers = DayAmounts + DayBuckets;
    private const int Hours = DayPeers + DayBuckets;
    private const int Cells = Hours + HourBuckets;

    private readonly long[] _cells;
    private readonly long _firstMilliseconds;
    private readonly long _lastMilliseconds;

    private EntityHistory(long[] cells, long first, long last, long count, long total, double squares)
    {
        _cells = cells;
        _firstMilliseconds = first;
        _lastMilliseconds = last;
        TotalCount = count;
        TotalAmountMinor = total;
        SumOfSquares = squares;
    }

    /// <summary>The history of an entity that has never been seen.</summary>
    public static EntityHistory Empty { get; } = new(new long[Cells], 0, 0, 0, 0, 0);

    /// <summary>Payments recorded since the entity was first seen.</summary>
    public long TotalCount { get; }

    /// <summary>Sum of all amounts recorded, in minor units: what was sent or what was received, according to the role.</summary>
    public long TotalAmountMinor { get; }

    /// <summary>Sum of the squared amounts (minor units squared), for the long-run variance.</summary>
    public double SumOfSquares { get; }

    /// <summary>Whether nothing has been recorded.</summary>
    public bool IsEmpty => TotalCount == 0;

    /// <summary>Instant of the first payment; null when empty.</summary>
    public DateTimeOffset? FirstSeen => IsEmpty ? null : DateTimeOffset.FromUnixTimeMilliseconds(_firstMilliseconds);

    /// <summary>Newest instant recorded; null when empty.</summary>
    public DateTimeOffset? LastSeen => IsEmpty ? null : DateTimeOffset.FromUnixTimeMilliseconds(_lastMilliseconds);

    /// <summary>Long-run mean of the amount in minor units; zero when empty.</summary>
    public double MeanAmountMinor => IsEmpty ? 0 : TotalAmountMinor / (double)TotalCount;

    /// <summary>The history after one more payment.</summary>
    /// <param name="at">When it was executed. Earlier than <see cref="LastSeen"/> counts as <see cref="LastSeen"/>.</param>
    /// <param name="amountMinor">Amount in minor units; negative counts as zero.</param>
    /// <param name="newPeer">Whether the other side had never dealt with this entity before.</param>
    public EntityHistory With(DateTimeOffset at, long amountMinor, bool newPeer)
    {
        var amount = Math.Max(0, amountMinor);
        var now = at.ToUnixTimeMilliseconds();
        var first = now;
        var cells = (long[])_cells.Clone();
        if (!IsEmpty)
        {
            first = _firstMilliseconds;
            now = Math.Max(now, _lastMilliseconds);
            Roll(cells, SlotCounts, SlotBuckets, 2, Bucket(_lastMilliseconds, SlotMilliseconds), Bucket(now, SlotMilliseconds));
            Roll(cells, DayCounts, DayBuckets, 3, Bucket(_lastMilliseconds, DayMilliseconds), Bucket(now, DayMilliseconds));
        }

        var slot = Index(Bucket(now, SlotMilliseconds), SlotBuckets);
        Add(ref cells[SlotCounts + slot], 1);
        Add(ref cells[SlotAmounts + slot], amount);
        var day = Index(Bucket(now, DayMilliseconds), DayBuckets);
        Add(ref cells[DayCounts + day], 1);
        Add(ref cells[DayAmounts + day], amount);
        if (newPeer)
            Add(ref cells[DayPeers + day], 1);

        cells[Hours + HourOf(now)]++;
        Fade(cells.AsSpan(Hours, HourBuckets));

        return new EntityHistory(
            cells, first, now, SaturatingAdd(TotalCount, 1), SaturatingAdd(TotalAmountMinor, amount), SumOfSquares + (double)amount * amount);
    }

    /// <summary>Payments recorded in the window ending at <paramref name="at"/>.</summary>
    public long Count(HistoryWindow window, DateTimeOffset at)
        => window <= HistoryWindow.OneHour
            ? Sum(SlotCounts, SlotBuckets, SlotMilliseconds, Width(window), at)
            : Sum(DayCounts, DayBuckets, DayMilliseconds, Width(window), at);

    /// <summary>Sum of the amounts (minor units) recorded in the window ending at <paramref name="at"/>.</summary>
    public long AmountMinor(HistoryWindow window, DateTimeOffset at)
        => window <= HistoryWindow.OneHour
            ? Sum(SlotAmounts, SlotBuckets, SlotMilliseconds, Width(window), at)
            : Sum(DayAmounts, DayBuckets, DayMilliseconds, Width(window), at);

    /// <summary>
    /// Peers first met in the window ending at <paramref name="at"/>: for a counterparty its in-degree growth, for a payer its new payees.
    /// Exact, because the ledger knows whether a pair is new. Kept per day, so shorter windows are refused.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The window is shorter than a day.</exception>
    public long NewPeers(HistoryWindow window, DateTimeOffset at)
    {
        if (window < HistoryWindow.OneDay)
            throw new ArgumentOutOfRangeException(nameof(window), window, "New peers are counted per day.");

        return Sum(DayPeers, DayBuckets, DayMilliseconds, Width(window), at);
    }

    /// <summary>
    /// Share of the remembered payments made within one hour (UTC, wrapping) of <paramref name="at"/>'s hour, and how many are remembered.
    /// </summary>
    internal (long Near, long Remembered) HourHabit(DateTimeOffset at)
    {
        var hour = HourOf(at.ToUnixTimeMilliseconds());
        long near = 0;
        long remembered = 0;
        for (var i = 0; i < HourBuckets; i++)
        {
            var count = _cells[Hours + i];
            remembered += count;
            var distance = Math.Abs(i - hour);
            if (Math.Min(distance, HourBuckets - distance) <= 1)
                near += count;
        }

        return (near, remembered);
    }

    /// <summary>How long the entity has been known at <paramref name="at"/>; zero when empty.</summary>
    internal TimeSpan KnownFor(DateTimeOffset at)
        => IsEmpty ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, at.ToUnixTimeMilliseconds() - _firstMilliseconds));

    private static int Width(HistoryWindow window) => window switch
    {
        HistoryWindow.TenMinutes => 3,
        HistoryWindow.OneHour => 13,
        HistoryWindow.OneDay => 2,
        HistoryWindow.SevenDays => 8,
        HistoryWindow.ThirtyDays => 31,
        _ => throw new ArgumentOutOfRangeException(nameof(window)),
    };

    private long Sum(int offset, int length, long unit, int width, DateTimeOffset at)
    {
        if (IsEmpty)
            return 0;

        var head = Bucket(_lastMilliseconds, unit);
        var now = Math.Max(head, Bucket(at.ToUnixTimeMilliseconds(), unit));
        var oldest = Math.Max(now - width + 1, head - length + 1);
        long sum = 0;
        for (var bucket = oldest; bucket <= head; bucket++)
            sum = SaturatingAdd(sum, _cells[offset + Index(bucket, length)]);

        return sum;
    }

    private static void Roll(long[] cells, int offset, int length, int rows, long from, long to)
    {
        var stale = (int)Math.Min(length, to - from);
        for (var i = 1; i <= stale; i++)
        {
            var index = Index(from + i, length);
            for (var row = 0; row < rows; row++)
                cells[offset + row * length + index] = 0;
        }
    }

    private static void Fade(Span<long> hours)
    {
        long total = 0;
        foreach (var count in hours)
            total += count;
        if (total < HourMemory)
            return;

        foreach (ref var count in hours)
            count /= 2;
    }

    private static long Bucket(long milliseconds, long unit)
    {
        var (quotient, remainder) = Math.DivRem(milliseconds, unit);
        return remainder < 0 ? quotient - 1 : quotient;
    }

    private static int Index(long bucket, int length)
    {
        var remainder = (int)(bucket % length);
        return remainder < 0 ? remainder + length : remainder;
    }

    private static int HourOf(long milliseconds) => Index(Bucket(milliseconds, 60 * 60 * 1000), HourBuckets);

    private static void Add(ref long cell, long value) => cell = SaturatingAdd(cell, value);

    private static long SaturatingAdd(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
