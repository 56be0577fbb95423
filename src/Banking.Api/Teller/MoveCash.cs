using System.Text.Json.Nodes;
using Banking.Api.Accounts;
using Banking.Api.Authorizations;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Ledger;
using Banking.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Teller;

/// <summary>
/// Cash at the counter. The teller approves each movement with a second factor: the first call answers 401 and names the authorization,
/// the same call with its id and the same idempotency key moves the money through the posting path.
/// </summary>
internal static class MoveCash
{
    private const int NoteLengthMax = 140;

    public static Task<Results<Ok<CashReceipt>, Problem>> DepositAsync(
        CashMovement request, Caller caller, [AsParameters] Services services, CancellationToken cancellationToken) =>
        HandleAsync(MovementKind.Deposit, request, caller, services, cancellationToken);

    public static Task<Results<Ok<CashReceipt>, Problem>> WithdrawAsync(
        CashMovement request, Caller caller, [AsParameters] Services services, CancellationToken cancellationToken) =>
        HandleAsync(MovementKind.Withdrawal, request, caller, services, cancellationToken);

    private static async Task<Results<Ok<CashReceipt>, Problem>> HandleAsync(
        MovementKind kind, CashMovement request, Caller caller, Services services, CancellationToken cancellationToken)
    {
        if (!IdempotencyKey.TryRead(services.Context.Request, out var idempotencyKey))
        {
            return IdempotencyKey.Invalid;
        }

        if (request.Note is { } note && (note.Length > NoteLengthMax || note.Any(char.IsControl)))
        {
            return InvalidRequest.Of("note", $"A note has at most {NoteLengthMax} printable characters.");
        }

        if (!Iban.TryNormalize(request.AccountIban, out var iban))
        {
            return Problem.Invalid(ErrorCodes.IbanInvalid, "The IBAN's form or check digits are wrong.");
        }

        if (request.Amount.MinorUnits <= 0)
        {
            return Problem.Invalid(ErrorCodes.AmountNotPositive, "The amount must be more than zero.");
        }

        if (await FindTellerAccount.FindAsync(services.Db, services.Cipher, iban, cancellationToken) is not { } account)
        {
            return GetAccount.NotFound;
        }

        if (account.State != "open")
        {
            return account.State == "closed"
                ? Problem.Unprocessable(ErrorCodes.AccountClosed, "The account is closed.")
                : Problem.Unprocessable(ErrorCodes.AccountFrozen, "The account is frozen.");
        }

        if (request.Amount.Currency.Code != account.Currency)
        {
            return Problem.Unprocessable(ErrorCodes.CurrencyMismatch, $"The account is in {account.Currency}.");
        }

        var details = Details(kind, account, request);
        if (request.AuthorizationId is not null)
        {
            var outcome = await services.Writer.PostMovementAsync(
                new Movement(kind, iban, request.Amount, kind == MovementKind.Deposit ? "Cash deposit" : "Cash withdrawal", TransactionCategories.Cash)
                {
                    Reference = request.Note,
                    Caller = caller,
                    AuthorizationId = request.AuthorizationId,
                    DetailsHash = CanonicalJson.Hash(details),
                    IdempotencyKey = idempotencyKey,
                },
                cancellationToken);
            if (outcome.Receipt is { } receipt)
            {
                if (outcome.Replayed)
                {
                    services.Context.Response.Headers[ApiHeaders.IdempotencyReplayed] = "true";
                }

                return TypedResults.Ok(receipt);
            }

            if (!outcome.ApprovalMissing)
            {
                return outcome.Problem!;
            }
        }

        return services.Authorizations.Challenge(await services.Authorizations.RequestAsync(
            services.Db, caller, AuthorizationTypes.CashMovement, details, subjectId: null, PublicId.Format(PublicId.Account, account.PublicId), AcrValues.Any, cancellationToken));
    }

    /// <summary>What the teller approves.</summary>
    private static JsonObject Details(MovementKind kind, FindTellerAccount.Found account, CashMovement request) => new()
    {
        ["type"] = AuthorizationTypes.CashMovement,
        ["direction"] = kind == MovementKind.Deposit ? "deposit" : "withdrawal",
        ["account"] = new JsonObject { ["iban"] = account.Iban, ["holderName"] = account.HolderName },
        ["instructedAmount"] = new JsonObject { ["amount"] = request.Amount.Amount, ["currency"] = request.Amount.Currency.Code },
        ["note"] = request.Note,
    };

    internal sealed record Services(BankDbContext Db, ColumnCipher Cipher, IPostingWriter Writer, IAuthorizations Authorizations, HttpContext Context);
}
