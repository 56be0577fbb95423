using Banking.Api.Identity;
using Banking.Api.OpenApi;

namespace Banking.Api.Teller;

/// <summary>Routes of the counter. A teller sees a name and a state, never a balance.</summary>
internal static class TellerApi
{
    public static void MapTeller(this IEndpointRouteBuilder v1)
    {
        var teller = v1.MapGroup("/teller").RequireAuthorization(Policies.Teller).WithTags("Teller");
        teller.MapGet("/accounts/{iban}", FindTellerAccount.HandleAsync)
            .WithName("FindTellerAccount").WithSummary("Whose account it is, and whether it is open");
        teller.MapPost("/deposits", MoveCash.DepositAsync).TakesIdempotencyKey(required: true)
            .WithName("DepositCash").WithSummary("Cash handed in; the first call answers 401 with the authorization to approve");
        teller.MapPost("/withdrawals", MoveCash.WithdrawAsync).TakesIdempotencyKey(required: true)
            .WithName("WithdrawCash").WithSummary("Cash handed out; the first call answers 401 with the authorization to approve");
    }
}
