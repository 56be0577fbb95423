using Banking.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Banking.Api.Accounts;

/// <summary>
/// An account as one of its holders may see it: a row of the view <c>ledger.held_account</c>, one per holder and account.
/// Every query names the party, so ownership is never a check that can be forgotten.
/// </summary>
public sealed class HeldAccount
{
    /// <summary>The holder.</summary>
    public long PartyId { get; init; }

    /// <summary>owner, co_owner or authorised_signatory.</summary>
    public required string Role { get; init; }

    /// <summary>Key of the account.</summary>
    public long Id { get; init; }

    /// <summary>Public id (<c>acc_</c>).</summary>
    public Guid PublicId { get; init; }

    /// <summary>International bank account number, without spaces.</summary>
    public required string Iban { get; init; }

    /// <summary>The account's name, as its holder reads it.</summary>
    public required string Name { get; init; }

    /// <summary>current or savings.</summary>
    public required string Type { get; init; }

    /// <summary>ISO 4217 code.</summary>
    public required string Currency { get; init; }

    /// <summary>open, frozen or closed.</summary>
    public required string State { get; init; }

    /// <summary>Booked balance, minor units.</summary>
    public long Balance { get; init; }

    /// <summary>Kept for held payments, minor units.</summary>
    public long Reserved { get; init; }

    /// <summary>How far below zero the account may go, minor units.</summary>
    public long OverdraftLimit { get; init; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset OpenedAt { get; init; }

    /// <summary>The account on the wire.</summary>
    public Account ToContract()
    {
        var currency = Banking.Client.Currency.Of(Currency);
        return new Account(
            Banking.Client.PublicId.Format(Banking.Client.PublicId.Account, PublicId),
            Name,
            Type,
            Iban,
            State,
            new Money(Balance, currency),
            new Money(Balance - Reserved + OverdraftLimit, currency));
    }
}

internal sealed class HeldAccountConfiguration : IEntityTypeConfiguration<HeldAccount>
{
    public void Configure(EntityTypeBuilder<HeldAccount> builder)
    {
        builder.ToView("held_account", "ledger");
        builder.HasNoKey();
    }
}
