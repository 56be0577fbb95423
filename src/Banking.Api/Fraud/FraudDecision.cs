using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Fraud;

/// <summary>One judgement on one payment: on submit it chose the factor, on execute it decided to let go or to hold. Never changed.</summary>
public sealed class FraudDecision
{
    /// <summary>Key.</summary>
    public long Id { get; private set; }

    /// <summary>The payment.</summary>
    public long PaymentId { get; init; }

    /// <summary>submit or execute.</summary>
    public required string Stage { get; init; }

    /// <summary>allow, strong_factor, hold or reject.</summary>
    public required string Outcome { get; init; }

    /// <summary>The calibrated score, 0 to 1.</summary>
    public double Score { get; init; }

    /// <summary>The model that judged.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>The features as the model saw them, in the order of its names.</summary>
    public required float[] Features { get; init; }

    /// <summary>Reasons, JSON.</summary>
    public required string Reasons { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset DecidedAt { get; init; }
}

internal sealed class FraudDecisionConfiguration : IEntityTypeConfiguration<FraudDecision>
{
    public void Configure(EntityTypeBuilder<FraudDecision> builder)
    {
        builder.ToTable("decision", "fraud");
        builder.HasKey(row => row.Id);
        builder.Property(row => row.Reasons).HasColumnType("jsonb");
    }
}
