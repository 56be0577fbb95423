using Banking.Api.Audit;
using Banking.Api.Identity;

namespace Banking.Api.Transactions;

/// <summary>Routes of the movements on the customer's accounts.</summary>
internal static class TransactionsApi
{
    public static void MapTransactions(this IEndpointRouteBuilder v1)
    {
        var read = v1.MapGroup("").RequireAuthorization(Policies.CustomerRead).WithTags("Transactions");
        read.MapGet("/accounts/{accountId}/transactions", ListTransactions.OfAccountAsync)
            .WithName("ListAccountTransactions").WithSummary("Movements on one account, newest first").AuditDelegated("transaction.list", "accountId");
        read.MapGet("/transactions", ListTransactions.OfAllAccountsAsync)
            .WithName("ListTransactions").WithSummary("Movements on all of the customer's accounts, newest first").AuditDelegated("transaction.list");
        read.MapGet("/transactions/{transactionId}", GetTransaction.HandleAsync)
            .WithName("GetTransaction").WithSummary("One movement").AuditDelegated("transaction.read", "transactionId");
    }
}
