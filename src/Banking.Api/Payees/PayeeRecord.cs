using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Payees;

/// <summary>A row of <c>payment.payee</c>: somebody a party pays. Removed payees stay, because payments name them.</summary>
public sealed class PayeeRecord
{
    /// <summary>Key.</summary>
    public long Id { get; private set; }

    /// <summary>Public id (<c>pye_</c>).</summary>
    public Guid PublicId { get; init; }

    /// <summary>Whose payee it is.</summary>
    public long PartyId { get; init; }

    /// <summary>The name the customer gave.</summary>
    public required string Name { get; init; }

    /// <summary>IBAN, normalised.</summary>
    public required string Iban { get; init; }

    /// <summary>When it was saved.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the customer removed it.</summary>
    public DateTimeOffset? RemovedAt { get; set; }

    /// <summary>How often it was paid.</summary>
    public int PaymentsCount { get; private set; }

    /// <summary>When it was last paid.</summary>
    public DateTimeOffset? LastPaidAt { get; private set; }

    /// <summary>The payee on the wire.</summary>
    public Payee ToContract() => new(Client.PublicId.Format(Client.PublicId.Payee, PublicId), Name, Iban, CreatedAt);
}

internal sealed class PayeeRecordConfiguration : IEntityTypeConfiguration<PayeeRecord>
{
    public void Configure(EntityTypeBuilder<PayeeRecord> builder)
    {
        builder.ToTable("payee", "payment");
        builder.HasKey(row => row.Id);
    }
}
