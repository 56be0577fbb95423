using Npgsql;
using NpgsqlTypes;

namespace Banking.Api.Ledger;

/// <summary>
/// The parameters of <c>ledger.post_batch</c>: one list per column, one entry per item. Every entry is a decision already taken,
/// with the rows it leads to; the function only checks that what it rests on still holds.
/// </summary>
internal sealed class PostingRows
{
    /// <summary>What a row asks for.</summary>
    public enum Kind : short
    {
        AuditOnly = 0,
        Execute = 1,
        Hold = 2,
        Fail = 3,
        Movement = 4,
    }

    public readonly List<short> Kinds = [];
    public readonly List<DateTimeOffset> At = [];
    public readonly List<DateOnly> BookingDate = [];
    public readonly List<long> Debit = [];
    public readonly List<long> Credit = [];
    public readonly List<long> Amount = [];
    public readonly List<string?> Currency = [];
    public readonly List<Guid> EntryId = [];
    public readonly List<Guid> DebitId = [];
    public readonly List<Guid> CreditId = [];
    public readonly List<string?> EntryKind = [];
    public readonly List<string?> Reference = [];
    public readonly List<string?> DebitCounterparty = [];
    public readonly List<string?> CreditCounterparty = [];
    public readonly List<string?> DebitCategory = [];
    public readonly List<string?> CreditCategory = [];
    public readonly List<long> PaymentId = [];
    public readonly List<int> PaymentVersion = [];
    public readonly List<string?> CreditorName = [];
    public readonly List<string?> CreditorIban = [];
    public readonly List<string?> State = [];
    public readonly List<string?> FailureCode = [];
    public readonly List<string?> Reasons = [];
    public readonly List<long> PayeeId = [];
    public readonly List<long> AuthorizationId = [];
    public readonly List<byte[]?> DetailsHash = [];
    public readonly List<long> SessionId = [];
    public readonly List<long> UserId = [];
    public readonly List<HistoryState?> Payer = [];
    public readonly List<long> PayerVersion = [];
    public readonly List<byte[]?> PayerHistory = [];
    public readonly List<DateOnly> SpentOn = [];
    public readonly List<long> SpentAmount = [];
    public readonly List<HistoryState?> Counterparty = [];
    public readonly List<long> CounterpartyVersion = [];
    public readonly List<byte[]?> CounterpartyHistory = [];
    public readonly List<string?> ModelVersion = [];
    public readonly List<double> Score = [];
    public readonly List<string?> Decision = [];
    public readonly List<string?> DecisionReasons = [];
    public readonly List<float> Features = [];
    public readonly List<string?> Key = [];
    public readonly List<byte[]?> RequestHash = [];
    public readonly List<string?> Response = [];
    public readonly List<string?> AuditActor = [];
    public readonly List<string?> AuditAction = [];
    public readonly List<string?> AuditSubject = [];
    public readonly List<string?> AuditOutcome = [];
    public readonly List<string?> AuditCorrelation = [];
    public readonly List<string?> AuditDetails = [];
    public readonly List<byte[]?> AuditLeaf = [];
    public readonly List<Guid> EventId = [];
    public readonly List<string?> EventType = [];
    public readonly List<string?> EventSubject = [];
    public readonly List<string?> EventData = [];

    /// <summary>Types of the parameters, in order.</summary>
    public static IReadOnlyList<NpgsqlDbType> Types { get; } =
    [
        Array(NpgsqlDbType.Smallint), Array(NpgsqlDbType.TimestampTz), Array(NpgsqlDbType.Date),
        Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Text),
        Array(NpgsqlDbType.Uuid), Array(NpgsqlDbType.Uuid), Array(NpgsqlDbType.Uuid), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text),
        Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text),
        Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text),
        Array(NpgsqlDbType.Bigint),
        Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Bytea), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Bigint),
        Array(NpgsqlDbType.Smallint), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Boolean),
        Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Bytea), Array(NpgsqlDbType.Date), Array(NpgsqlDbType.Bigint),
        Array(NpgsqlDbType.Integer), Array(NpgsqlDbType.Bigint), Array(NpgsqlDbType.Bytea),
        Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Double), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Real), NpgsqlDbType.Integer,
        Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Bytea), Array(NpgsqlDbType.Text),
        Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Bytea),
        Array(NpgsqlDbType.Uuid), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text), Array(NpgsqlDbType.Text),
    ];

    /// <summary>The statement; its parameters are those of <see cref="Types"/>.</summary>
    public static string Call { get; } = $"select ledger.post_batch({string.Join(", ", Enumerable.Range(1, Types.Count).Select(i => $"${i}"))})";

    /// <summary>Number of rows.</summary>
    public int Count => Kinds.Count;

    /// <summary>Sets the parameters. Accounts and histories are named once each, in the order in which they are locked; rows point at them.</summary>
    public void Bind(NpgsqlParameterCollection parameters)
    {
        var accounts = Debit.Concat(Credit).Where(id => id > 0).Distinct().Order().ToList();
        var places = new Dictionary<long, int>(accounts.Count) { [0] = 0 };
        for (var i = 0; i < accounts.Count; i++)
        {
            places[accounts[i]] = i + 1;
        }

        var histories = Payer.Concat(Counterparty).OfType<HistoryState>().Distinct().OrderBy(history => history.Kind).ThenBy(history => history.Key, StringComparer.Ordinal).ToList();
        for (var i = 0; i < histories.Count; i++)
        {
            histories[i].Index = i + 1;
        }

        ReadOnlySpan<object> values =
        [
            Kinds, At, BookingDate,
            accounts, Debit.ConvertAll(id => places[id]), Credit.ConvertAll(id => places[id]), Amount, Currency,
            EntryId, DebitId, CreditId, EntryKind, Reference,
            DebitCounterparty, CreditCounterparty, DebitCategory, CreditCategory,
            PaymentId, PaymentVersion, CreditorName, CreditorIban, State, FailureCode, Reasons,
            PayeeId,
            AuthorizationId, DetailsHash, SessionId, UserId,
            histories.ConvertAll(history => history.Kind), histories.ConvertAll(history => history.Key), histories.ConvertAll(history => history.IsNew),
            Payer.ConvertAll(history => history?.Index ?? 0), PayerVersion, PayerHistory, SpentOn, SpentAmount,
            Counterparty.ConvertAll(history => history?.Index ?? 0), CounterpartyVersion, CounterpartyHistory,
            ModelVersion, Score, Decision, DecisionReasons, Features, global::Fraud.Model.FraudFeatures.Count,
            Key, RequestHash, Response,
            AuditActor, AuditAction, AuditSubject, AuditOutcome, AuditCorrelation, AuditDetails, AuditLeaf,
            EventId, EventType, EventSubject, EventData,
        ];
        for (var i = 0; i < values.Length; i++)
        {
            parameters[i].Value = values[i];
        }
    }

    private static NpgsqlDbType Array(NpgsqlDbType element) => NpgsqlDbType.Array | element;
}
