using System.Globalization;
using Banking.Api.Accounts;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Payees;
using Banking.Client;
using Microsoft.EntityFrameworkCore;

namespace Banking.Api.Payments;

/// <summary>The two ends of a payment, as the customer may name them.</summary>
internal sealed record PaymentEnds(HeldAccount Debtor, PayeeRecord? Payee, HeldAccount? Creditor)
{
    public string CreditorName => Payee?.Name ?? Creditor!.Name;

    public string CreditorIban => Payee?.Iban ?? Creditor!.Iban;
}

/// <summary>
/// What a payment must satisfy before anybody is asked to approve it, in the order in which faults are named: form, amount, payer's account,
/// currency, payee, same account, limits, funds. Execution checks the same again under lock; here it is for a clear answer early.
/// </summary>
internal sealed class PaymentChecks(BankDbContext db, PaymentLimits limits, BankCalendar calendar, TimeProvider clock)
{
    // ISO 20022 Max140Text: unstructured remittance information.
    private const int RemittanceLengthMax = 140;

    // Far above any limit, far below overflow.
    private const long AmountMax = 1_000_000_000_000_00;

    public static Problem? CheckForm(string? payeeId, string? creditorAccountId, string? remittance) =>
        (payeeId is null) == (creditorAccountId is null) ? InvalidRequest.Of("payeeId", "A payment goes to exactly one of payeeId and creditorAccountId.") : CheckRemittance(remittance);

    public static Problem? CheckRemittance(string? remittance) =>
        remittance is null || (remittance.Length <= RemittanceLengthMax && !remittance.Any(IsRefused))
            ? null
            : InvalidRequest.Of("remittanceInformation", $"The reference has at most {RemittanceLengthMax} printable characters.");

    public static Problem? CheckAmount(Money amount) =>
        amount.MinorUnits <= 0 ? Problem.Unprocessable(ErrorCodes.AmountNotPositive, "The amount is more than zero.")
        : amount.MinorUnits > AmountMax ? Problem.Unprocessable(ErrorCodes.AmountTooLarge, "The amount is beyond what the bank accepts.")
        : null;

    /// <summary>Finds both ends among what the caller's party holds and has saved.</summary>
    public async Task<Outcome<PaymentEnds>> FindEndsAsync(Caller caller, string debtorAccountId, string? payeeId, string? creditorAccountId, CancellationToken cancellationToken)
    {
        if (await GetAccount.FindAsync(db, caller, debtorAccountId, cancellationToken) is not { } debtor)
        {
            return Problem.Unprocessable(ErrorCodes.AccountNotFound, "There is no such account to pay from.");
        }

        if (payeeId is not null)
        {
            var payee = PublicId.TryParse(payeeId, PublicId.Payee, out var id)
                ? await db.Set<PayeeRecord>().AsNoTracking()
                    .SingleOrDefaultAsync(row => row.PartyId == caller.PartyId && row.PublicId == id && row.RemovedAt == null, cancellationToken)
                : null;
            return payee is null ? Problem.Unprocessable(ErrorCodes.PayeeNotFound, "There is no such payee.") : new PaymentEnds(debtor, payee, null);
        }

        return await GetAccount.FindAsync(db, caller, creditorAccountId, cancellationToken) is { } creditor
            ? new PaymentEnds(debtor, null, creditor)
            : Problem.Unprocessable(ErrorCodes.AccountNotFound, "There is no such account to pay to.");
    }

    /// <summary>Finds the ends a stored payment names; a payee removed since is gone.</summary>
    public async Task<Outcome<PaymentEnds>> FindEndsAsync(PaymentRecord payment, CancellationToken cancellationToken)
    {
        var accounts = await db.Set<HeldAccount>()
            .Where(account => account.PartyId == payment.PartyId && (account.Id == payment.DebtorAccountId || account.Id == payment.CreditorAccountId))
            .ToListAsync(cancellationToken);
        var payee = payment.PayeeId is null
            ? null
            : await db.Set<PayeeRecord>().AsNoTracking()
                .SingleOrDefaultAsync(row => row.PartyId == payment.PartyId && row.Id == payment.PayeeId && row.RemovedAt == null, cancellationToken);
        var debtor = accounts.Find(account => account.Id == payment.DebtorAccountId);
        var creditor = accounts.Find(account => account.Id == payment.CreditorAccountId);
        return debtor is null ? Problem.Unprocessable(ErrorCodes.AccountNotFound, "There is no such account to pay from.")
            : payment.PayeeId is not null && payee is null ? Problem.Unprocessable(ErrorCodes.PayeeNotFound, "The payee is no longer in your list.")
            : payment.PayeeId is null && creditor is null ? Problem.Unprocessable(ErrorCodes.AccountNotFound, "There is no such account to pay to.")
            : new PaymentEnds(debtor, payee, creditor);
    }

    /// <summary>Everything that stands between two known ends.</summary>
    /// <param name="ends">Payer's account and payee.</param>
    /// <param name="amount">How much.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="throughAssistant">Whether the assistant drafts it.</param>
    /// <param name="exceptPaymentId">The payment itself when it is changed: its former amount does not count.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Problem?> CheckAsync(PaymentEnds ends, Money amount, Caller caller, bool throughAssistant, long exceptPaymentId, CancellationToken cancellationToken)
    {
        if (ends.Debtor.State != "open")
        {
            return ends.Debtor.State == "frozen"
                ? Problem.Unprocessable(ErrorCodes.AccountFrozen, "The account to pay from is frozen.")
                : Problem.Unprocessable(ErrorCodes.AccountClosed, "The account to pay from is closed.");
        }

        if (ends.Debtor.Currency != amount.Currency.Code || (ends.Creditor is not null && ends.Creditor.Currency != amount.Currency.Code))
        {
            return Problem.Unprocessable(ErrorCodes.CurrencyMismatch, $"The account is in {ends.Debtor.Currency}.");
        }

        if (ends.Creditor is { State: "closed" })
        {
            return Problem.Unprocessable(ErrorCodes.AccountClosed, "The account to pay to is closed.");
        }

        if (ends.CreditorIban == ends.Debtor.Iban)
        {
            return Problem.Unprocessable(ErrorCodes.SameAccount, "Payer and payee are the same account.");
        }

        if (ends.Payee is not null && (amount.MinorUnits > limits.PerPaymentMinor || await SpentTodayAsync(caller.PartyId, cancellationToken) > limits.PerDayMinor - amount.MinorUnits))
        {
            return LimitExceeded("The amount would pass your limit for a payment or a day.");
        }

        if (throughAssistant
            && (amount.MinorUnits > limits.AssistantPerPaymentMinor
                || await DraftedByAssistantTodayAsync(caller.PartyId, exceptPaymentId, cancellationToken) > limits.AssistantPerDayMinor - amount.MinorUnits))
        {
            return LimitExceeded("The amount would pass what the assistant may prepare. You can make this payment on the bank's own pages.");
        }

        return ends.Debtor.Balance - ends.Debtor.Reserved + ends.Debtor.OverdraftLimit < amount.MinorUnits
            ? Problem.Unprocessable(ErrorCodes.InsufficientFunds, "The available balance does not cover the amount.")
            : null;
    }

    private static Problem LimitExceeded(string title) => Problem.Unprocessable(ErrorCodes.LimitExceeded, title);

    private static bool IsRefused(char c) => char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private async Task<long> SpentTodayAsync(long partyId, CancellationToken cancellationToken)
    {
        var key = partyId.ToString(CultureInfo.InvariantCulture);
        var today = calendar.DateOf(clock.GetUtcNow());
        return await db.Database.SqlQuery<long>($"select spent_amount as \"Value\" from fraud.entity_history where kind = 1 and entity_key = {key} and spent_on = {today}")
            .SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<long> DraftedByAssistantTodayAsync(long partyId, long exceptPaymentId, CancellationToken cancellationToken)
    {
        // Drafts of one customer come one after the other, or several at once would each see room for themselves.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('payment.assistant_limit', {partyId}))", cancellationToken);
        var since = calendar.StartOf(calendar.DateOf(clock.GetUtcNow()));
        return await db.Set<PaymentRecord>()
            .Where(row => row.PartyId == partyId && row.Channel == "assistant" && row.CreatedAt >= since && row.Id != exceptPaymentId
                && row.State != PaymentStates.Cancelled && row.State != PaymentStates.Expired && row.State != PaymentStates.Rejected && row.State != PaymentStates.Failed)
            .SumAsync(row => row.Amount, cancellationToken);
    }

    /// <summary>The instant a new payment must be finished by.</summary>
    public DateTimeOffset ExpiryOfNew() => clock.GetUtcNow().AddHours(24);
}
