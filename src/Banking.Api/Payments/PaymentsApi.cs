using Banking.Api.Audit;
using Banking.Api.Authorizations;
using Banking.Api.Fraud;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Api.Ledger;
using Banking.Api.OpenApi;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Payments;

/// <summary>Routes and parts of payments: drafted by the customer or the assistant; submitted, approved and executed by the customer alone.</summary>
internal static class PaymentsApi
{
    /// <summary>Ledger, payments and the fraud decision.</summary>
    public static IServiceCollection AddPayments(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<FraudScoring>(provider, configuration));
        services.AddHealthChecks().AddDatabase("ledger.account").AddCheck<FraudModelHealth>("fraud-model");
        services.AddSingleton(new PaymentLimits(configuration));
        services.AddSingleton<IPostingWriter, PostingWriter>();
        services.AddSingleton<ILedgerAdmin, LedgerAdmin>();
        services.AddScoped<IdempotentCommand>();
        services.AddScoped<PaymentChecks>();
        services.AddScoped<PaymentChanges>();
        services.AddScoped<SubmitPayment>();
        services.AddScoped<IAuthorizationSubject, PaymentAuthorizationSubject>();
        services.AddHostedService<ExpirePayments>();
        return services;
    }

    public static void MapPayments(this IEndpointRouteBuilder v1)
    {
        var payments = v1.MapGroup("/payments").WithTags("Payments");
        payments.MapPost("/", DraftPayment.HandleAsync).RequireAuthorization(Policies.CustomerDraft)
            .TakesIdempotencyKey(required: true).AuditDelegated("payment.draft", refusalsOnly: true)
            .WithName("DraftPayment").WithSummary("Drafts a payment to a payee or to an own account; needs an Idempotency-Key")
            .Produces<Client.Payment>(StatusCodes.Status201Created);
        payments.MapGet("/", ReadPayments.ListAsync).RequireAuthorization(Policies.CustomerRead)
            .WithName("ListPayments").WithSummary("Payments, newest first").AuditDelegated("payment.list");
        payments.MapGet("/{paymentId}", ReadPayments.GetAsync).RequireAuthorization(Policies.CustomerRead)
            .WithName("GetPayment").WithSummary("One payment").AuditDelegated("payment.read", "paymentId");
        payments.MapPatch("/{paymentId}", AmendPaymentCommand.HandleAsync).RequireAuthorization(Policies.CustomerDraft)
            .TakesIdempotencyKey(required: false).AuditDelegated("payment.amend", "paymentId", refusalsOnly: true)
            .WithName("AmendPayment").WithSummary("Changes a payment that is not approved; ends an approval asked for before")
            .Produces<Client.Payment>();
        payments.MapPost("/{paymentId}/submit", SubmitPayment.HandleAsync).RequireAuthorization(Policies.Customer)
            .TakesIdempotencyKey(required: false)
            .WithName("SubmitPayment").WithSummary("Opens the authorization that the customer approves")
            .Produces<Client.Payment>();
        payments.MapPost("/{paymentId}/execute", ExecutePayment.HandleAsync).RequireAuthorization(Policies.Customer)
            .TakesIdempotencyKey(required: true)
            .WithName("ExecutePayment").WithSummary("Executes an approved payment; needs an Idempotency-Key; 401 names the authorization that is missing")
            .Produces<Client.Payment>();
        payments.MapPost("/{paymentId}/cancel", CancelPayment.HandleAsync).RequireAuthorization(Policies.CustomerDraft)
            .TakesIdempotencyKey(required: false).AuditDelegated("payment.cancel", "paymentId", refusalsOnly: true)
            .WithName("CancelPayment").WithSummary("Ends a payment that has not been posted")
            .Produces<Client.Payment>();
    }
}
