using System.Globalization;
using Banking.Api.Authorizations;
using Banking.Api.Fraud;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Fraud.Model;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Banking.Api.Payments;

/// <summary>
/// Asks for the customer's approval: checks the payment again, scores it, and opens the authorization that names exactly what will be paid.
/// The score chooses the factor and can only raise it: a payment that stands out asks for the passkey of a customer who has one.
/// </summary>
internal sealed class SubmitPayment(
    BankDbContext db, PaymentChecks checks, PaymentChanges changes, IAuthorizations authorizations, FraudScoring scoring, BankCalendar calendar, TimeProvider clock)
{
    private static Problem ScoringUnavailable { get; } =
        new(StatusCodes.Status503ServiceUnavailable, ErrorCodes.ScoringUnavailable, "Payments are not possible at the moment.");

    public static Task<IResult> HandleAsync(string paymentId, HttpContext http, Caller caller, IdempotentCommand commands, SubmitPayment submit) =>
        commands.RunAsync<Payment>(http, caller, required: false, $"payment.submit:{paymentId}", null, StatusCodes.Status200OK, async cancellationToken =>
        {
            var submitted = await submit.RunAsync(paymentId, caller, cancellationToken);
            return submitted.Value is { } value ? value.Payment : submitted.Problem!;
        });

    /// <summary>Submits inside the ambient transaction; the caller saves and commits.</summary>
    public async Task<Outcome<Submitted>> RunAsync(string paymentId, Caller caller, CancellationToken cancellationToken)
    {
        if (scoring.Model is not { } model)
        {
            return ScoringUnavailable;
        }

        if (await PaymentView.LockAsync(db, caller.PartyId, paymentId, cancellationToken) is not { } payment)
        {
            return Problem.NotFound("There is no such payment.");
        }

        if (changes.Next(payment, PaymentCommand.Submit) is null)
        {
            return PaymentChanges.InvalidState;
        }

        var found = await checks.FindEndsAsync(payment, cancellationToken);
        if (found.Value is not { } ends)
        {
            return found.Problem!;
        }

        var amount = new Money(payment.Amount, Currency.Of(payment.Currency));
        if (await checks.CheckAsync(ends, amount, caller, throughAssistant: false, payment.Id, cancellationToken) is { } refused)
        {
            return refused;
        }

        var (score, features, hasPasskey) = await ScoreAsync(model, payment, ends, caller, cancellationToken);
        var strong = score.Score >= model.StrongFactorThreshold;
        db.Add(new FraudDecision
        {
            PaymentId = payment.Id,
            Stage = "submit",
            Outcome = strong ? "strong_factor" : "allow",
            Score = score.Score,
            ModelVersion = score.ModelVersion,
            Features = features,
            Reasons = FraudScoring.WriteReasons(score.Reasons),
            DecidedAt = clock.GetUtcNow(),
        });

        var details = PaymentDetails.Create(payment.PublicId, amount, ends.Debtor.Iban, ends.Debtor.Name, payment.CreditorName, payment.CreditorIban, payment.Remittance);
        changes.Apply(payment, PaymentCommand.Submit, caller);
        await db.SaveChangesAsync(cancellationToken);
        var authorization = await authorizations.RequestAsync(
            db, caller, AuthorizationTypes.PaymentInitiation, details, payment.Id, PublicId.Format(PublicId.Payment, payment.PublicId),
            strong && hasPasskey ? AcrValues.Passkey : AcrValues.Any, cancellationToken);
        return new Submitted(PaymentView.ToContract(payment, ends, authorization.PublicId), authorization);
    }

    private async Task<(FraudScore Score, float[] Features, bool HasPasskey)> ScoreAsync(
        FraudModel model, PaymentRecord payment, PaymentEnds ends, Caller caller, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // Names and order of the facts are those the posting writer reads for the execution.
        const string query =
            """
            select o.created_at,
                   (select v.first_seen_at from identity.device v where v.id = $2),
                   (select count(*)::integer from identity."authorization" x
                    where x.user_id = $3 and x.type = 'credential_registration' and x.state = 'consumed' and x.consumed_at > $4 - interval '7 days'),
                   (select e.history from fraud.entity_history e where e.kind = 1 and e.entity_key = $5),
                   (select e.history from fraud.entity_history e where e.kind = 2 and e.entity_key = $6),
                   exists (select from ledger.account a where a.iban = $6 and a.type in ('current', 'savings')),
                   exists (select from identity.user_passkey k where k.user_id = $3)
            from identity.party o where o.id = $1
            """;
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using var command = new NpgsqlCommand(query, connection)
        {
            Parameters =
            {
                new() { Value = caller.PartyId },
                new() { Value = (object?)caller.DeviceKey ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint },
                new() { Value = caller.UserId },
                new() { Value = now },
                new() { Value = caller.PartyId.ToString(CultureInfo.InvariantCulture) },
                new() { Value = payment.CreditorIban },
            },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var features = new float[FraudFeatures.Count];
        var facts = new PaymentFacts(
            now,
            calendar.Zone.GetUtcOffset(now),
            payment.Amount,
            ends.Debtor.Balance - ends.Debtor.Reserved + ends.Debtor.OverdraftLimit,
            ends.Payee is null ? PaymentKind.OwnTransfer : row.GetBoolean(5) ? PaymentKind.Internal : PaymentKind.External,
            payment.Channel == "assistant" ? PaymentChannel.Assistant : PaymentChannel.Web,
            ends.Payee?.PaymentsCount ?? 0,
            (now - (ends.Payee?.CreatedAt ?? now)).TotalHours,
            (now - caller.SessionCreatedAt).TotalMinutes,
            row.IsDBNull(1) ? 0 : (now - row.GetFieldValue<DateTimeOffset>(1)).TotalDays,
            (now - row.GetFieldValue<DateTimeOffset>(0)).TotalDays,
            row.GetInt32(2));
        FraudFeatures.Compute(facts, History(row, 3), History(row, 4), features);
        return (model.Score(features), features, row.GetBoolean(6));
    }

    private static EntityHistory History(NpgsqlDataReader row, int at) =>
        row.IsDBNull(at) ? EntityHistory.Empty
        : EntityHistory.TryFromBytes(row.GetFieldValue<byte[]>(at), out var history, out var error) ? history
        : throw new InvalidOperationException($"A stored history is damaged: {error}.");
}

/// <summary>A submitted payment and the authorization that waits for the customer.</summary>
internal sealed record Submitted(Payment Payment, AuthorizationRecord Authorization);
