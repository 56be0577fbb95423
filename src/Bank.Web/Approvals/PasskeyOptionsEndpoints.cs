using System.Text.Json.Nodes;
using Bank.Web.Errors;
using Bank.Web.Pages;
using Banking.Client;
using Microsoft.AspNetCore.Antiforgery;

namespace Bank.Web.Approvals;

/// <summary>
/// WebAuthn options for the pages' script. The ceremony lives in the API; here they only pass through. Each call carries the page's
/// antiforgery token in a header.
/// </summary>
internal static class PasskeyOptionsEndpoints
{
    /// <summary>Maps the three kinds: sign in, register, approve.</summary>
    public static void MapPasskeyOptions(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/passkeys/options").AddEndpointFilter<RequireAntiforgery>();
        group.MapPost("/sign-in", async (BankingApiClient api, CancellationToken cancellationToken) =>
            Answer(await api.StartPasskeySignInAsync(cancellationToken))).AllowAnonymous();
        group.MapPost("/register", async (HttpContext context, BankingApiClient api) =>
            Answer(await api.StartPasskeyRegistrationAsync(await context.GetCallAsync(), context.RequestAborted)));
        group.MapPost("/approve/{authorizationId}", async (HttpContext context, BankingApiClient api, string authorizationId) =>
            Answer(await api.StartPasskeyApprovalAsync(authorizationId, await context.GetCallAsync(), context.RequestAborted)));
    }

    private static IResult Answer(ApiResult<PasskeyOptions> result)
    {
        if (!result.Succeeded)
        {
            return TypedResults.Problem(Explanation.Of(result.Problem), statusCode: result.Problem.Status is 0 ? 503 : result.Problem.Status);
        }

        var publicKey = JsonNode.Parse(result.Value.OptionsJson);
        return TypedResults.Json(new { ceremonyId = result.Value.CeremonyId, publicKey });
    }
}

/// <summary>Checks the antiforgery token of a script's call; pages check theirs by themselves.</summary>
internal sealed class RequireAntiforgery(IAntiforgery antiforgery) : IEndpointFilter
{
    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        await antiforgery.IsRequestValidAsync(context.HttpContext)
            ? await next(context)
            : TypedResults.Problem("This page was open for too long. Please reload it.", statusCode: StatusCodes.Status400BadRequest);
}
