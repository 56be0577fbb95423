using System.Text.Json.Serialization;

namespace Assistant.Bot.Planning;

/// <summary>
/// What the dialogue has come to: a fold over <see cref="DialogueEvent"/>s. It holds the customer's own words and ids the bank
/// returned, and no balance.
/// </summary>
public sealed record DialogueState
{
    /// <summary>A conversation in which nothing was said.</summary>
    public static DialogueState Empty { get; } = new();

    /// <summary>Turns so far; used to vary wording.</summary>
    public int Turns { get; init; }

    /// <summary>What the customer is in the middle of, with what is known so far and what was asked last.</summary>
    public OpenTask? Task { get; init; }

    /// <summary>The payment that is prepared and not yet approved, cancelled or closed otherwise.</summary>
    public PreparedPayment? Draft { get; init; }

    /// <summary>The last question that was answered, for follow-ups such as "and savings?".</summary>
    public AnsweredQuestion? LastQuestion { get; init; }

    /// <summary>A second payment asked for in the same message as the first, to be offered once that is settled.</summary>
    public SlotValues? NextPayment { get; init; }

    /// <summary>How many times in a row the customer was not understood.</summary>
    public int Misunderstandings { get; init; }

    /// <summary>The state after all of <paramref name="events"/>.</summary>
    public static DialogueState Fold(IEnumerable<DialogueEvent> events) => events.Aggregate(Empty, (state, next) => state.Apply(next));

    /// <summary>The state after one more event. Events of a kind this version does not know change nothing.</summary>
    public DialogueState Apply(DialogueEvent dialogueEvent) => dialogueEvent switch
    {
        TurnUnderstood understood => this with { Turns = Turns + 1, Misunderstandings = understood.Understood ? 0 : Misunderstandings + 1 },
        TaskUpdated updated => this with { Task = updated.Task },
        TaskClosed => this with { Task = null },
        QuestionAnswered answered => this with { LastQuestion = answered.Question },
        PaymentPrepared prepared => this with { Draft = prepared.Payment },
        PaymentRemembered remembered => this with { NextPayment = remembered.Payment },
        PaymentClosed closed => Draft is { } draft && draft.PaymentId == closed.PaymentId ? this with { Draft = null } : this,
        _ => this,
    };
}

/// <summary>A skill that waits for something from the customer.</summary>
/// <param name="Skill">The skill's name, one of the planner's table.</param>
/// <param name="Slots">What is known.</param>
/// <param name="Asked">The slot the customer was asked for, or null.</param>
/// <param name="Choices">The choices offered for it, in the order shown.</param>
/// <param name="Reminders">How often the question was repeated after the customer spoke of something else.</param>
public sealed record OpenTask(string Skill, SlotValues Slots, string? Asked, IReadOnlyList<Choice> Choices, int Reminders = 0);

/// <summary>One of several things the customer may pick: an id from the bank and the name shown.</summary>
public sealed record Choice(string Id, string Name);

/// <summary>A question the assistant answered, and what it was about.</summary>
public sealed record AnsweredQuestion(string Skill, SlotValues Slots);

/// <summary>A payment as the bank prepared it: ids to amend or cancel it, names to talk about it.</summary>
public sealed record PreparedPayment(
    string PaymentId,
    string? PayeeId,
    string CreditorName,
    string DebtorAccountId,
    string DebtorAccountName,
    string Amount,
    string Currency,
    string? Reference,
    string? ApproveLink,
    string? CreditorAccountId = null);

/// <summary>Values the customer gave, in canonical form. Null means not said.</summary>
public sealed record SlotValues
{
    /// <summary>Nothing said.</summary>
    public static SlotValues None { get; } = new();

    /// <summary>Decimal string with a point, for example <c>60.00</c> or <c>60.5</c>.</summary>
    public string? Amount { get; init; }

    /// <summary>ISO 4217 code, when one was said.</summary>
    public string? Currency { get; init; }

    /// <summary>The payee's name in the customer's words.</summary>
    public string? Payee { get; init; }

    /// <summary>The payee picked from a card.</summary>
    public string? PayeeId { get; init; }

    /// <summary>The account asked about or paid from, in the customer's words.</summary>
    public string? Account { get; init; }

    /// <summary>That account, picked from a card.</summary>
    public string? AccountId { get; init; }

    /// <summary>The own account the money goes to, in the customer's words.</summary>
    public string? ToAccount { get; init; }

    /// <summary>That account, picked from a card.</summary>
    public string? ToAccountId { get; init; }

    /// <summary>What the payee shall read.</summary>
    public string? Reference { get; init; }

    /// <summary>First day, in the bank's time zone.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day, included.</summary>
    public DateOnly? To { get; init; }

    /// <summary>The period in words, for the reply.</summary>
    public string? Period { get; init; }

    /// <summary>A spending category of the bank's list.</summary>
    public string? Category { get; init; }

    /// <summary>A merchant or person to search transactions for.</summary>
    public string? Merchant { get; init; }

    /// <summary>How many transactions.</summary>
    public int? Count { get; init; }

    /// <summary>An IBAN, without spaces, with right check digits.</summary>
    public string? Iban { get; init; }

    /// <summary>These values, with those of <paramref name="newer"/> in place of the ones it names.</summary>
    public SlotValues With(SlotValues newer) => new()
    {
        Amount = newer.Amount ?? Amount,
        Currency = newer.Amount is null ? newer.Currency ?? Currency : newer.Currency,
        Payee = newer.Payee ?? Payee,
        PayeeId = newer.PayeeId ?? (newer.Payee is null ? PayeeId : null),
        Account = newer.Account ?? Account,
        AccountId = newer.AccountId ?? (newer.Account is null ? AccountId : null),
        ToAccount = newer.ToAccount ?? ToAccount,
        ToAccountId = newer.ToAccountId ?? (newer.ToAccount is null ? ToAccountId : null),
        Reference = newer.Reference ?? Reference,
        From = newer.Period is null ? From : newer.From,
        To = newer.Period is null ? To : newer.To,
        Period = newer.Period ?? Period,
        Category = newer.Category ?? Category,
        Merchant = newer.Merchant ?? Merchant,
        Count = newer.Count ?? Count,
        Iban = newer.Iban ?? Iban,
    };
}

/// <summary>
/// Something that happened in the dialogue. Stored by the journal as JSON with a discriminator that carries the version; a
/// changed meaning gets a new discriminator, so that old conversations keep reading.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TurnUnderstood), "turn_understood.v1")]
[JsonDerivedType(typeof(TaskUpdated), "task_updated.v1")]
[JsonDerivedType(typeof(TaskClosed), "task_closed.v1")]
[JsonDerivedType(typeof(QuestionAnswered), "question_answered.v1")]
[JsonDerivedType(typeof(PaymentPrepared), "payment_prepared.v1")]
[JsonDerivedType(typeof(PaymentClosed), "payment_closed.v1")]
[JsonDerivedType(typeof(PaymentRemembered), "payment_remembered.v1")]
public abstract record DialogueEvent;

/// <summary>A turn was read. <paramref name="Understood"/> is false when the assistant could make nothing of it.</summary>
public sealed record TurnUnderstood(string Intent, double Confidence, bool Understood, string? ModelVersion = null) : DialogueEvent;

/// <summary>A task was opened or learned something.</summary>
public sealed record TaskUpdated(OpenTask Task) : DialogueEvent;

/// <summary>The open task ended: <c>done</c>, <c>cancelled</c> or <c>replaced</c>.</summary>
public sealed record TaskClosed(string Skill, string Reason) : DialogueEvent;

/// <summary>A question was answered.</summary>
public sealed record QuestionAnswered(AnsweredQuestion Question) : DialogueEvent;

/// <summary>The bank prepared a payment, or changed the prepared one.</summary>
public sealed record PaymentPrepared(PreparedPayment Payment) : DialogueEvent;

/// <summary>A payment is kept for after the one in hand; null when there is none any more.</summary>
public sealed record PaymentRemembered(SlotValues? Payment) : DialogueEvent;

/// <summary>A prepared payment is no longer open; <paramref name="State"/> is the bank's word for what became of it.</summary>
public sealed record PaymentClosed(string PaymentId, string State) : DialogueEvent;
