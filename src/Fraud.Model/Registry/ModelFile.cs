using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fraud.Model;

/// <summary>
/// The binary model file. Numbers only: nothing in it can be executed or name a type. Little endian.
/// <code>
/// 4 bytes  magic "SBFM"          uint16 format version (1)
/// string   model version         (uint16 length, UTF-8)
/// uint16   features, then each:  string name, float typical value
/// double   hold threshold, strong-factor threshold
/// uint16   calibration knots, then each: double raw score, double share
/// int32    subsample size        uint16 trees, then each:
///          int32 nodes, then per node in breadth-first order: int16 feature (-1: leaf), float mean path length, inner nodes: float threshold
/// 32 bytes SHA-256 of all that precedes
/// </code>
/// </summary>
internal static class ModelFile
{
    private const ushort Format = 1;
    private const int HashLength = 32;
    private static ReadOnlySpan<byte> Magic => "SBFM"u8;

    public static byte[] Write(FraudModel model)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(Format);
        WriteString(writer, model.Version);
        writer.Write((ushort)FraudFeatures.Count);
        for (var i = 0; i < FraudFeatures.Count; i++)
        {
            WriteString(writer, FraudFeatures.Names[i]);
            writer.Write(model.Typical[i]);
        }

        writer.Write(model.HoldThreshold);
        writer.Write(model.StrongFactorThreshold);
        var calibration = model.Calibration;
        writer.Write((ushort)calibration.Scores.Length);
        for (var i = 0; i < calibration.Scores.Length; i++)
        {
            writer.Write(calibration.Scores[i]);
            writer.Write(calibration.Shares[i]);
        }

        writer.Write(model.Forest.SubsampleSize);
        writer.Write((ushort)model.Forest.TreeCount);
        foreach (var tree in model.Forest.Trees)
        {
            writer.Write(tree.Features.Length);
            for (var i = 0; i < tree.Features.Length; i++)
            {
                writer.Write(tree.Features[i]);
                writer.Write(tree.Values[i]);
                if (tree.Features[i] >= 0)
                    writer.Write(tree.Thresholds[i]);
            }
        }

        writer.Flush();
        writer.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        writer.Flush();
        return stream.ToArray();
    }

    public static FraudModelLoadResult Read(ReadOnlySpan<byte> bytes, string? expectedVersion)
    {
        if (bytes.Length < Magic.Length + sizeof(ushort) + HashLength || !bytes.StartsWith(Magic))
            return Corrupt("not a model file");

        var format = BinaryPrimitives.ReadUInt16LittleEndian(bytes[Magic.Length..]);
        if (format != Format)
            return FraudModelLoadResult.Failed(FraudModelLoadFailure.UnsupportedFormat, $"Model format {format}; this build reads {Format}.");

        var body = bytes[..^HashLength];
        Span<byte> hash = stackalloc byte[HashLength];
        SHA256.HashData(body, hash);
        return hash.SequenceEqual(bytes[^HashLength..])
            ? ReadBody(body[(Magic.Length + sizeof(ushort))..], expectedVersion)
            : FraudModelLoadResult.Failed(FraudModelLoadFailure.HashMismatch, "The model file's own checksum does not match its content.");
    }

    /// <summary>
    /// Reads what follows the format version. The checksum is no protection against a file made on purpose, so every count, index and
    /// number is checked here as well.
    /// </summary>
    internal static FraudModelLoadResult ReadBody(ReadOnlySpan<byte> body, string? expectedVersion)
    {
        var reader = new Reader(body);
        var version = reader.String();
        if (!ModelDirectory.IsPlainName(version) || (expectedVersion is not null && version != expectedVersion))
            return Corrupt("the version is not the manifest's");

        var featureCount = reader.UInt16();
        if (featureCount != FraudFeatures.Count)
            return FraudModelLoadResult.Failed(FraudModelLoadFailure.FeatureMismatch, $"{featureCount} features; this build computes {FraudFeatures.Count}.");

        var typical = new float[featureCount];
        for (var i = 0; i < featureCount; i++)
        {
            var name = reader.String();
            if (name != FraudFeatures.Names[i])
                return FraudModelLoadResult.Failed(FraudModelLoadFailure.FeatureMismatch, $"Feature {i} is '{name}'; this build computes '{FraudFeatures.Names[i]}'.");
            typical[i] = reader.Single();
            if (!float.IsFinite(typical[i]))
                return Corrupt("a typical value is not finite");
        }

        var hold = reader.Double();
        var strong = reader.Double();
        if (!(strong > 0 && strong <= hold && hold < 1))
            return Corrupt("the thresholds are not ordered within (0, 1)");

        if (ReadCalibration(ref reader) is not { } calibration)
            return Corrupt("the calibration does not increase within (0, 1)");

        if (ReadForest(ref reader) is not { } forest)
            return Corrupt("a tree is malformed");

        return reader.Failed || !reader.AtEnd
            ? Corrupt("the length does not fit the content")
            : FraudModelLoadResult.Of(new FraudModel(version, forest, calibration, typical, hold, strong));
    }

    private static ScoreCalibration? ReadCalibration(ref Reader reader)
    {
        var knots = reader.UInt16();
        if (knots == 0 || !reader.Has(knots * 2L * sizeof(double)))
            return null;

        var scores = new double[knots];
        var shares = new double[knots];
        for (var i = 0; i < knots; i++)
        {
            scores[i] = reader.Double();
            shares[i] = reader.Double();
            // Written so that NaN fails.
            if (!(scores[i] > (i == 0 ? 0 : scores[i - 1]) && scores[i] < 1 && shares[i] > (i == 0 ? 0 : shares[i - 1]) && shares[i] < 1))
                return null;
        }

        return new ScoreCalibration(scores, shares);
    }

    private static IsolationForest? ReadForest(ref Reader reader)
    {
        var subsample = reader.Int32();
        var treeCount = reader.UInt16();
        if (subsample < 2 || treeCount == 0)
            return null;

        var trees = new List<IsolationForest.Tree>();
        for (var t = 0; t < treeCount; t++)
        {
            var count = reader.Int32();
            // Every node takes six bytes or more: a huge count is refused before memory is asked for.
            if (count < 1 || !reader.Has(count * 6L))
                return null;

            var features = new short[count];
            var values = new float[count];
            var thresholds = new float[count];
            var inner = 0;
            for (var i = 0; i < count; i++)
            {
                features[i] = reader.Int16();
                values[i] = reader.Single();
                if (features[i] >= 0)
                {
                    thresholds[i] = reader.Single();
                    // Children must lie behind their parent.
                    if (features[i] >= FraudFeatures.Count || !float.IsFinite(thresholds[i]) || 2 * inner + 1 <= i)
                        return null;
                    inner++;
                }
                else if (features[i] != -1)
                    return null;

                if (!(values[i] >= 0 && values[i] <= 1e6f))
                    return null;
            }

            if (count != 2 * inner + 1)
                return null;
            trees.Add(new IsolationForest.Tree(features, thresholds, values));
        }

        return new IsolationForest(FraudFeatures.Count, subsample, trees);
    }

    private static void WriteString(BinaryWriter writer, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        writer.Write((ushort)bytes.Length);
        writer.Write(bytes);
    }

    private static FraudModelLoadResult Corrupt(string what) => FraudModelLoadResult.Failed(FraudModelLoadFailure.Corrupt, $"{ModelManifest.ModelFileName}: {what}.");

    /// <summary>Reads without throwing: past the end everything is zero and <see cref="Failed"/> is set.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public bool Failed { get; private set; }

        public readonly bool AtEnd => _rest.IsEmpty;

        public readonly bool Has(long count) => _rest.Length >= count;

        public ushort UInt16() => Take(2) is { IsEmpty: false } b ? BinaryPrimitives.ReadUInt16LittleEndian(b) : (ushort)0;

        public short Int16() => Take(2) is { IsEmpty: false } b ? BinaryPrimitives.ReadInt16LittleEndian(b) : (short)0;

        public int Int32() => Take(4) is { IsEmpty: false } b ? BinaryPrimitives.ReadInt32LittleEndian(b) : 0;

        public float Single() => Take(4) is { IsEmpty: false } b ? BinaryPrimitives.ReadSingleLittleEndian(b) : 0;

        public double Double() => Take(8) is { IsEmpty: false } b ? BinaryPrimitives.ReadDoubleLittleEndian(b) : 0;

        public string String() => Encoding.UTF8.GetString(Take(UInt16()));

        private ReadOnlySpan<byte> Take(int count)
        {
            if (_rest.Length < count)
            {
                Failed = true;
                _rest = [];
                return [];
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
