using System.Buffers;
using System.Buffers.Binary;

namespace Fraud.Model;

/// <summary>Why stored bytes are not an <see cref="EntityHistory"/>.</summary>
public enum EntityHistoryError
{
    /// <summary>The bytes are a history.</summary>
    None = 0,

    /// <summary>The first byte names a layout this build does not know.</summary>
    UnsupportedVersion,

    /// <summary>The bytes end early.</summary>
    Truncated,

    /// <summary>A value is outside its range (negative count, non-finite moment, impossible instant).</summary>
    OutOfRange,

    /// <summary>Bytes follow the end of the history.</summary>
    TrailingBytes,
}

/// <content>
/// Storage layout, version 1. Integers are LEB128 varints unless said otherwise; instants are zigzag Unix milliseconds.
/// <code>
/// byte    version (1)
/// varint  total count           (0: nothing follows)
/// varint  total amount
/// double  sum of squares        (8 bytes, little endian)
/// instant first seen, instant last seen
/// uint16  mask of used slots    then per used slot:  count, amount
/// uint32  mask of used days     then per used day:   count, amount, new peers
/// uint24  mask of used hours    then per used hour:  count
/// </code>
/// Cells are stored oldest first counted back from the newest instant, so the bytes are a function of the history alone. A year-old busy
/// account takes about 250 bytes. Zero bytes are the empty history, which makes an empty column its natural default.
/// </content>
public sealed partial class EntityHistory
{
    private const byte LayoutVersion = 1;

    /// <summary>The compact, versioned form to store beside the account.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        WriteByte(buffer, LayoutVersion);
        WriteVarint(buffer, TotalCount);
        if (IsEmpty)
            return buffer.WrittenSpan.ToArray();

        WriteVarint(buffer, TotalAmountMinor);
        BinaryPrimitives.WriteDoubleLittleEndian(buffer.GetSpan(8), SumOfSquares);
        buffer.Advance(8);
        WriteInstant(buffer, _firstMilliseconds);
        WriteInstant(buffer, _lastMilliseconds);
        WriteCells(buffer, SlotCounts, SlotBuckets, 2, Bucket(_lastMilliseconds, SlotMilliseconds), maskBytes: 2);
        WriteCells(buffer, DayCounts, DayBuckets, 3, Bucket(_lastMilliseconds, DayMilliseconds), maskBytes: 4);
        WriteCells(buffer, Hours, HourBuckets, 1, HourBuckets - 1, maskBytes: 3);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are not a history; the message names the <see cref="EntityHistoryError"/>.</exception>
    public static EntityHistory FromBytes(ReadOnlySpan<byte> bytes)
        => TryFromBytes(bytes, out var history, out var error)
            ? history
            : throw new FormatException($"The stored entity history is not readable: {error}.");

    /// <summary>Reads what <see cref="ToBytes"/> wrote; on failure <paramref name="history"/> is empty and <paramref name="error"/> says why.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, out EntityHistory history, out EntityHistoryError error)
    {
        history = Empty;
        error = EntityHistoryError.None;
        if (bytes.IsEmpty)
            return true;

        var reader = new Reader(bytes);
        if (reader.Byte() != LayoutVersion)
        {
            error = EntityHistoryError.UnsupportedVersion;
            return false;
        }

        var read = Read(ref reader);
        if (reader.Error == EntityHistoryError.None && !reader.AtEnd)
            reader.Error = EntityHistoryError.TrailingBytes;
        error = reader.Error;
        if (error != EntityHistoryError.None)
            return false;

        history = read;
        return true;
    }

    private static EntityHistory Read(ref Reader reader)
    {
        var count = reader.Varint();
        if (count == 0)
            return Empty;

        var total = reader.Varint();
        var squares = reader.Double();
        var first = reader.Instant();
        var last = reader.Instant();
        if (!double.IsFinite(squares) || squares < 0 || first > last)
            reader.Fail(EntityHistoryError.OutOfRange);

        var cells = new long[Cells];
        ReadCells(ref reader, cells, SlotCounts, SlotBuckets, 2, Bucket(last, SlotMilliseconds), maskBytes: 2);
        ReadCells(ref reader, cells, DayCounts, DayBuckets, 3, Bucket(last, DayMilliseconds), maskBytes: 4);
        ReadCells(ref reader, cells, Hours, HourBuckets, 1, HourBuckets - 1, maskBytes: 3);
        for (var hour = 0; hour < HourBuckets; hour++)
        {
            if (cells[Hours + hour] >= HourMemory)
                reader.Fail(EntityHistoryError.OutOfRange);
        }

        return new EntityHistory(cells, first, last, count, total, squares);
    }

    private void WriteCells(ArrayBufferWriter<byte> buffer, int offset, int length, int rows, long newest, int maskBytes)
    {
        uint mask = 0;
        for (var i = 0; i < length; i++)
        {
            if (_cells[offset + Index(newest - i, length)] != 0)
                mask |= 1u << i;
        }

        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, mask);
        buffer.Write(bytes[..maskBytes]);
        for (var i = 0; i < length; i++)
        {
            if ((mask & (1u << i)) == 0)
                continue;
            for (var row = 0; row < rows; row++)
                WriteVarint(buffer, _cells[offset + row * length + Index(newest - i, length)]);
        }
    }

    private static void ReadCells(ref Reader reader, long[] cells, int offset, int length, int rows, long newest, int maskBytes)
    {
        var mask = reader.Mask(maskBytes);
        if (length < 32 && mask >> length != 0)
            reader.Fail(EntityHistoryError.OutOfRange);
        for (var i = 0; i < length && reader.Error == EntityHistoryError.None; i++)
        {
            if ((mask & (1u << i)) == 0)
                continue;
            for (var row = 0; row < rows; row++)
                cells[offset + row * length + Index(newest - i, length)] = reader.Varint();
        }
    }

    private static void WriteByte(ArrayBufferWriter<byte> buffer, byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    private static void WriteInstant(ArrayBufferWriter<byte> buffer, long value) => WriteUnsigned(buffer, (ulong)((value << 1) ^ (value >> 63)));

    private static void WriteVarint(ArrayBufferWriter<byte> buffer, long value) => WriteUnsigned(buffer, (ulong)value);

    private static void WriteUnsigned(ArrayBufferWriter<byte> buffer, ulong value)
    {
        while (value >= 0x80)
        {
            WriteByte(buffer, (byte)((value & 0x7F) | 0x80));
            value >>= 7;
        }

        WriteByte(buffer, (byte)value);
    }

    /// <summary>Reads without ever throwing: the first failure is kept and every later read yields zero.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private static readonly long MinInstant = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
        private static readonly long MaxInstant = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

        private ReadOnlySpan<byte> _rest = bytes;

        public EntityHistoryError Error { get; set; }

        public readonly bool AtEnd => _rest.IsEmpty;

        public void Fail(EntityHistoryError error)
        {
            if (Error == EntityHistoryError.None)
                Error = error;
            _rest = [];
        }

        public byte Byte()
        {
            if (_rest.IsEmpty)
            {
                Fail(EntityHistoryError.Truncated);
                return 0;
            }

            var value = _rest[0];
            _rest = _rest[1..];
            return value;
        }

        public long Varint()
        {
            var value = Unsigned();
            if (value <= long.MaxValue)
                return (long)value;

            Fail(EntityHistoryError.OutOfRange);
            return 0;
        }

        public long Instant()
        {
            var value = Unsigned();
            var instant = (long)(value >> 1) ^ -(long)(value & 1);
            if (instant >= MinInstant && instant <= MaxInstant)
                return instant;

            Fail(EntityHistoryError.OutOfRange);
            return 0;
        }

        public double Double()
        {
            if (_rest.Length < 8)
            {
                Fail(EntityHistoryError.Truncated);
                return 0;
            }

            var value = BinaryPrimitives.ReadDoubleLittleEndian(_rest);
            _rest = _rest[8..];
            return value;
        }

        public uint Mask(int bytes)
        {
            uint mask = 0;
            for (var i = 0; i < bytes; i++)
                mask |= (uint)Byte() << (8 * i);
            return mask;
        }

        private ulong Unsigned()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = Byte();
                if (shift == 63 && next > 1)
                    break;
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                    return value;
            }

            Fail(EntityHistoryError.OutOfRange);
            return 0;
        }
    }
}
