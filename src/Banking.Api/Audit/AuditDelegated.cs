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
    /// <param name="subjectParameter">Route parameter with the public id of what it is done to.</param>
    /// <param name="refusalsOnly">For commands: what they do commits its own entry, what they refuse rolls back and leaves none.</param>
    public static RouteHandlerBuilder AuditDelegated(this RouteHandlerBuilder route, string action, string? subjectParameter = null, bool refusalsOnly = false) =>
        route.AddEndpointFilter(async (context, next) =>
        {
            var result = await next(context);
            var answer = result is INestedHttpResult nested ? nested.Result : result;
            if (Caller.Of(context.HttpContext) is { Kind: CallerKind.Delegated } caller && (!refusalsOnly || answer is Problem))
            {
                // A scope of its own: what a refused command had begun must not be saved along.
                await using var scope = context.HttpContext.RequestServices.CreateAsyncScope();
                var services = scope.ServiceProvider;
                var outcome = answer is Problem problem ? problem.Code : "ok";
                var subject = subjectParameter is null ? null : context.HttpContext.Request.RouteValues[subjectParameter] as string;
                var db = services.GetRequiredService<BankDbContext>();
                db.Add(AuditEvent.Create(services.GetRequiredService<TimeProvider>().GetUtcNow(), caller, action, subject?[..Math.Min(subject.Length, 64)], outcome));
                await db.SaveChangesAsync(context.HttpContext.RequestAborted);
            }

            return result;
        });
}
