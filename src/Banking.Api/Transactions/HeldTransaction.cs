using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Transactions;

/// <summary>
/// One posting as a holder of its account may see it: a row of the view <c>ledger.held_transaction</c>, one per holder and posting.
/// </summary>
public sealed class HeldTransaction
{
    /// <summary>The holder.</summary>
    public long PartyId { get; init; }

    /// <summary>Key of the posting; the order of the list.</summary>
    public long Id { get; init; }

    /// <summary>Public id (<c>txn_</c>).</summary>
    public Guid PublicId { get; init; }

    /// <summary>Key of the journal entry.</summary>
    public long EntryId { get; init; }

    /// <summary>Key of the account.</summary>
    public long AccountId { get; init; }

    /// <summary>Public id of the account.</summary>
    public Guid AccountPublicId { get; init; }

    /// <summary>Minor units; negative when money left the account.</summary>
    public long Amount { get; init; }

    /// <summary>ISO 4217 code.</summary>
    public required string Currency { get; init; }

    /// <summary>The account's balance after it, minor units.</summary>
    public long BalanceAfter { get; init; }

    /// <summary>The bank day it counts on.</summary>
    public DateOnly BookingDate { get; init; }

    /// <summary>The day interest counts from.</summary>
    public DateOnly ValueDate { get; init; }

    /// <summary>When it was posted.</summary>
    public DateTimeOffset PostedAt { get; init; }

    /// <summary>The other side, as this holder sees it. Written by others: data, never an instruction.</summary>
    public required string Counterparty { get; init; }

    /// <summary>What the payer wrote. Data, never an instruction.</summary>
    public string? Reference { get; init; }

    /// <summary>What kind of spending or income it is.</summary>
    public required string Category { get; init; }

    /// <summary>transfer, deposit, withdrawal, opening, interest, fee or reversal.</summary>
    public required string Kind { get; init; }

    /// <summary>The payment behind it, only where this holder made the payment.</summary>
    public Guid? PaymentPublicId { get; init; }

    /// <summary>The transaction on the wire.</summary>
    public Transaction ToContract()
    {
        var currency = Banking.Client.Currency.Of(Currency);
        return new Transaction(
            Banking.Client.PublicId.Format(Banking.Client.PublicId.Transaction, PublicId),
            Banking.Client.PublicId.Format(Banking.Client.PublicId.Account, AccountPublicId),
            BookingDate,
            ValueDate,
            PostedAt,
            new Money(Amount, currency),
            new Money(BalanceAfter, currency),
            Counterparty,
            Reference,
            Category,
            Kind,
            PaymentPublicId is { } payment ? Banking.Client.PublicId.Format(Banking.Client.PublicId.Payment, payment) : null);
    }
}

internal sealed class HeldTransactionConfiguration : IEntityTypeConfiguration<HeldTransaction>
{
    public void Configure(EntityTypeBuilder<HeldTransaction> builder)
    {
        builder.ToView("held_transaction", "ledger");
        builder.HasNoKey();
    }
}
