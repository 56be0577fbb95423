namespace Fraud.Model;

/// <summary>Rows of features in one contiguous block.</summary>
public sealed class FeatureTable
{
    private readonly ReadOnlyMemory<float> _values;

    /// <summary>Wraps row-major values.</summary>
    /// <exception cref="ArgumentException">The values are not a whole number of rows, or one is not finite.</exception>
    public FeatureTable(int featureCount, ReadOnlyMemory<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(featureCount);
        if (values.Length % featureCount != 0)
            throw new ArgumentException($"{values.Length} values are not rows of {featureCount}.", nameof(values));

        var span = values.Span;
        for (var i = 0; i < span.Length; i++)
        {
            if (!float.IsFinite(span[i]))
                throw new ArgumentException($"Row {i / featureCount}, feature {i % featureCount} is {span[i]}; features must be finite.", nameof(values));
        }

        FeatureCount = featureCount;
        _values = values;
    }

    /// <summary>Features per row.</summary>
    public int FeatureCount { get; }

    /// <summary>Number of rows.</summary>
    public int RowCount => _values.Length / FeatureCount;

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> this[int row] => _values.Span.Slice(row * FeatureCount, FeatureCount);
}
