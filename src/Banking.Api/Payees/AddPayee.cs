using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Banking.Api.Accounts;
using Banking.Api.Audit;
using Banking.Api.Authorizations;
using Banking.Api.Events;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Banking.Api.Payees;

/// <summary>
/// Saves a payee. A new payee is the way by which money leaves for good, so it takes the customer's approval of exactly this name and IBAN:
/// the first call answers 401 and names the authorization; the same call with its id, once approved, saves the payee.
/// </summary>
internal static class AddPayee
{
    // SEPA and CHAPS/FPS creditor names have at most 70 characters (ISO 20022 Max70Text).
    private const int NameLengthMax = 70;
    private const int ConversationIdLengthMax = 100;

    public static async Task<Results<Created<Payee>, Problem>> HandleAsync(
        CreatePayee request, Caller caller, BankDbContext db, IAuthorizations authorizations, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!TryNormalizeName(request.Name, out var name))
        {
            return InvalidRequest.Of("name", $"A payee's name has 1 to {NameLengthMax} printable characters.");
        }

        if (request.ConversationId is { } conversation && (conversation.Length is 0 or > ConversationIdLengthMax || conversation.Any(char.IsControl)))
        {
            return InvalidRequest.Of("conversationId", "That is no conversation.");
        }

        if (!Iban.TryNormalize(request.Iban, out var iban))
        {
            return Problem.Invalid(ErrorCodes.IbanInvalid, "The IBAN's form or check digits are wrong.");
        }

        if (await db.Set<HeldAccount>().AnyAsync(account => account.PartyId == caller.PartyId && account.Iban == iban, cancellationToken))
        {
            return Problem.Unprocessable(ErrorCodes.SameAccount, "This is one of your own accounts: it can be paid without being saved.");
        }

        if (await db.Set<PayeeRecord>().AnyAsync(row => row.PartyId == caller.PartyId && row.Iban == iban && row.RemovedAt == null, cancellationToken))
        {
            return Exists;
        }

        var details = Details(name, iban);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (request.AuthorizationId is null)
        {
            var authorization = await authorizations.RequestAsync(
                db, caller, AuthorizationTypes.PayeeCreation, details, subjectId: null, subjectRef: null, AcrValues.Any, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return authorizations.Challenge(authorization);
        }

        if (await authorizations.ConsumeAsync(db, caller, AuthorizationTypes.PayeeCreation, details, request.AuthorizationId, cancellationToken) is { } refused)
        {
            return refused;
        }

        var payee = new PayeeRecord { PublicId = PublicId.NewValue(clock), PartyId = caller.PartyId, Name = name, Iban = iban, CreatedAt = clock.GetUtcNow() };
        var created = payee.ToContract();
        var data = new JsonObject { ["payeeId"] = created.Id, ["name"] = name };
        if (request.ConversationId is not null)
        {
            data["conversationId"] = request.ConversationId;
        }

        db.Add(payee);
        db.Add(OutboxEvent.Create(clock, EventTypes.PayeeCreated, created.Id, data));
        db.Add(AuditEvent.Create(clock.GetUtcNow(), caller, "payee.create", created.Id, "ok", new Dictionary<string, string>(StringComparer.Ordinal) { ["authorization"] = request.AuthorizationId }));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "payee_party_iban" })
        {
            // Two approvals for one IBAN: the second finds it saved, and its approval stays unused.
            return Exists;
        }

        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"/v1/payees/{created.Id}", created);
    }

    /// <summary>What the customer approves.</summary>
    public static JsonObject Details(string name, string iban) => new()
    {
        ["type"] = AuthorizationTypes.PayeeCreation,
        ["payeeName"] = name,
        ["payeeAccount"] = new JsonObject { ["iban"] = iban },
    };

    /// <summary>Trims and joins runs of spaces; false when nothing printable is left or the name is too long or could be read as another.</summary>
    public static bool TryNormalizeName(string? text, out string name)
    {
        name = "";
        if (text is null || text.Length > NameLengthMax * 4 || !IsWellFormed(text) || text.EnumerateRunes().Any(IsRefused))
        {
            return false;
        }

        name = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return name.Length is > 0 and <= NameLengthMax;
    }

    private static Problem Exists { get; } = Problem.Conflict(ErrorCodes.PayeeExists, "This account is saved already.");

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return false;
            }
        }

        return true;
    }

    // Controls break logs and statements; format characters (bidirectional overrides, zero width) make a name look like another one.
    private static bool IsRefused(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned;
}
