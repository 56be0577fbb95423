using Banking.Api.Identity;
using Banking.Api.Infrastructure;

namespace Banking.Api.Audit;

internal static class AuditDelegatedExtensions
{
    /// <summary>
    /// Records every call that the assistant makes on the customer's behalf, with conversation, turn and tool call, before the answer
    /// is written: what cannot be recorded is not answered. A customer's own reading is not recorded.
    /// </summary>
    /// <param name="route">The endpoint.</param>
    /// <param name="action">What is done, as noun.verb.</param>
    /// <param name="subjectParameter">Route parameter with the public id of what is read.</param>
    public static RouteHandlerBuilder AuditDelegated(this RouteHandlerBuilder route, string action, string? subjectParameter = null) =>
        route.AddEndpointFilter(async (context, next) =>
        {
            var result = await next(context);
            if (Caller.Of(context.HttpContext) is { Kind: CallerKind.Delegated } caller)
            {
                var services = context.HttpContext.RequestServices;
                var answer = result is INestedHttpResult nested ? nested.Result : result;
                var outcome = answer is Problem problem ? problem.Code : "ok";
                var subject = subjectParameter is null ? null : context.HttpContext.Request.RouteValues[subjectParameter] as string;
                var db = services.GetRequiredService<BankDbContext>();
                db.Add(AuditEvent.Create(services.GetRequiredService<TimeProvider>().GetUtcNow(), caller, action, subject?[..Math.Min(subject.Length, 64)], outcome));
                await db.SaveChangesAsync(context.HttpContext.RequestAborted);
            }

            return result;
        });
}
