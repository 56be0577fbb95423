using Banking.Api.Audit;
using Banking.Api.Identity;

namespace Banking.Api.Accounts;

/// <summary>Routes of the customer's accounts.</summary>
internal static class AccountsApi
{
    public static void MapAccounts(this IEndpointRouteBuilder v1)
    {
        var accounts = v1.MapGroup("/accounts").RequireAuthorization(Policies.CustomerRead).WithTags("Accounts");
        accounts.MapGet("/", ListAccounts.HandleAsync).WithName("ListAccounts").WithSummary("The customer's accounts with their balances").AuditDelegated("account.list");
        accounts.MapGet("/{accountId}", GetAccount.HandleAsync).WithName("GetAccount").WithSummary("One account").AuditDelegated("account.read", "accountId");
    }
}
