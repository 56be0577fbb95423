using Banking.Api.Audit;
using Banking.Api.Identity;

namespace Banking.Api.Spending;

/// <summary>Routes that tell where the money went.</summary>
internal static class SpendingApi
{
    public static void MapSpending(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/spending", GetSpending.HandleAsync).RequireAuthorization(Policies.CustomerRead).WithTags("Spending")
            .WithName("GetSpending").WithSummary("Money out by category, without movements between the customer's own accounts").AuditDelegated("spending.read");
}
