using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Payments;

/// <summary>A payment's row. Its version is the concurrency token of every change.</summary>
public sealed class PaymentRecord
{
    /// <summary>Key.</summary>
    public long Id { get; private set; }

    /// <summary>Public id (<c>pay_</c>).</summary>
    public Guid PublicId { get; init; }

    /// <summary>Whose payment it is.</summary>
    public long PartyId { get; init; }

    /// <summary>Who drafted it, or for whom the assistant did.</summary>
    public long UserId { get; init; }

    /// <summary>The account to debit.</summary>
    public long DebtorAccountId { get; set; }

    /// <summary>The payee, unless it is a transfer to an own account.</summary>
    public long? PayeeId { get; set; }

    /// <summary>The own account to credit.</summary>
    public long? CreditorAccountId { get; set; }

    /// <summary>Whom it pays, as the customer saved it.</summary>
    public required string CreditorName { get; set; }

    /// <summary>Where it pays.</summary>
    public required string CreditorIban { get; set; }

    /// <summary>Minor units.</summary>
    public long Amount { get; set; }

    /// <summary>ISO 4217.</summary>
    public required string Currency { get; set; }

    /// <summary>What the payee reads.</summary>
    public string? Remittance { get; set; }

    /// <summary>web, assistant or agent.</summary>
    public required string Channel { get; init; }

    /// <summary>The conversation it was drafted in.</summary>
    public string? ConversationId { get; init; }

    /// <summary>One of <see cref="PaymentStates"/>.</summary>
    public required string State { get; set; }

    /// <summary>Counts changes.</summary>
    public int Version { get; set; }

    /// <summary>Why it failed, as an error code.</summary>
    public string? FailureCode { get; set; }

    /// <summary>Why it is held or failed, for the customer.</summary>
    public string[] Reasons { get; set; } = [];

    /// <summary>When it was drafted.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; set; }

    /// <summary>When it was posted.</summary>
    public DateTimeOffset? ExecutedAt { get; set; }

    /// <summary>Until when it can be taken further.</summary>
    public DateTimeOffset ExpiresAt { get; init; }
}

internal sealed class PaymentRecordConfiguration : IEntityTypeConfiguration<PaymentRecord>
{
    public void Configure(EntityTypeBuilder<PaymentRecord> builder)
    {
        builder.ToTable("payment", "payment");
        builder.HasKey(row => row.Id);
        builder.Property(row => row.Version).IsConcurrencyToken();
    }
}
