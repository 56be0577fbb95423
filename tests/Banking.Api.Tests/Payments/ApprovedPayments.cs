using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Payments;
using Banking.Client;
using Npgsql;

namespace Banking.Api.Tests.Payments;

/// <summary>Approved payments as rows, for tests that need many; drafting, submitting and approving them one by one is tested elsewhere.</summary>
internal static class ApprovedPayments
{
    /// <summary>The caller that the customer's token stands for.</summary>
    public static async Task<Caller> CallerOfAsync(this PaymentBank bank, PayingCustomer customer)
    {
        var session = await bank.ScalarAsync<long>("select max(id) from identity.session where user_id = $1", customer.User.Keys.UserId);
        var publicId = await bank.ScalarAsync<Guid>("select public_id from identity.session where id = $1", session);
        var created = bank.Host.Clock.GetUtcNow();
        return new Caller(
            customer.User.Keys.UserId, customer.User.Keys.UserPublicId, customer.User.Keys.PartyId, session, publicId, null, CallerKind.Session,
            [Roles.Customer], [], AcrValues.Mfa, ["pwd", "otp"], created, created, null, null, null);
    }

    /// <summary>An approved payment to the external payee (or to the savings account), approved in the caller's session.</summary>
    public static async Task<Guid> ApprovedRowAsync(this PaymentBank bank, PayingCustomer customer, Caller caller, long amountMinor, bool toSavings = false)
    {
        var id = PublicId.NewValue(bank.Host.Clock);
        var creditorName = toSavings ? "Savings" : "Riverside Plumbing";
        var creditorIban = toSavings ? customer.Savings.Iban : PaymentBank.ExternalIban;
        var details = PaymentDetails.Create(id, new Money(amountMinor, Currency.Gbp), customer.Current.Iban, "Current account", creditorName, creditorIban, "Invoice");
        await bank.ExecuteAsync(
            """
            with p as (
                insert into payment.payment (public_id, party_id, user_id, debtor_account_id, payee_id, creditor_account_id, creditor_name, creditor_iban, amount, currency,
                    remittance, channel, state, created_at, updated_at, expires_at)
                values ($1, $2, $3, $4, (select id from payment.payee where public_id = $5::uuid), $6::bigint, $7, $8, $9, 'GBP', 'Invoice', 'web', 'approved', $10, $10, $10 + interval '1 day')
                returning id)
            insert into identity."authorization" (public_id, user_id, session_id, type, subject_id, details, details_hash, acr_values, state, method, created_at, expires_at, approved_at)
            select gen_random_uuid(), $3, $11, 'payment_initiation', p.id, '{}', $12, 'any', 'approved', 'totp', $10, $10 + interval '1 day', $10 from p
            """,
            id, caller.PartyId, caller.UserId, customer.Current.Id,
            toSavings ? DBNull.Value : PaymentBank.IdOf(PublicId.Payee, customer.ExternalPayee),
            toSavings ? customer.Savings.Id : DBNull.Value,
            creditorName, creditorIban, amountMinor, bank.Host.Clock.GetUtcNow(), caller.SessionKey, CanonicalJson.Hash(details));
        return id;
    }
}
