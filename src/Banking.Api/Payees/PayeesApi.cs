using Banking.Api.Audit;
using Banking.Api.Identity;

namespace Banking.Api.Payees;

/// <summary>Routes of the people and companies the customer pays. Only the customer's own session adds or removes one.</summary>
internal static class PayeesApi
{
    public static void MapPayees(this IEndpointRouteBuilder v1)
    {
        var payees = v1.MapGroup("/payees").WithTags("Payees");
        payees.MapGet("/", ListPayees.HandleAsync).RequireAuthorization(Policies.CustomerRead)
            .WithName("ListPayees").WithSummary("Saved payees by name").AuditDelegated("payee.list");
        payees.MapGet("/{payeeId}", GetPayee.HandleAsync).RequireAuthorization(Policies.CustomerRead)
            .WithName("GetPayee").WithSummary("One saved payee").AuditDelegated("payee.read", "payeeId");
        payees.MapPost("/", AddPayee.HandleAsync).RequireAuthorization(Policies.Customer)
            .WithName("AddPayee").WithSummary("Saves a payee; the first call answers 401 with the authorization to approve");
        payees.MapDelete("/{payeeId}", RemovePayee.HandleAsync).RequireAuthorization(Policies.Customer)
            .WithName("RemovePayee").WithSummary("Removes a payee; payments made to it stay");
    }
}
