using Banking.Api.Accounts;
using Banking.Api.Audit;
using Banking.Api.Events;
using Banking.Api.OpenApi;
using Banking.Api.Payees;
using Banking.Api.Spending;
using Banking.Api.Teller;
using Banking.Api.Transactions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Banking.Api.Infrastructure;

/// <summary>The nouns that are read: accounts, transactions, spending, payees; and the surface that all endpoints share.</summary>
internal static class Reading
{
    public static IServiceCollection AddReading(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddHttpSurface(configuration);
        services.AddApiDocument();
        services.TryAddSingleton<BankCalendar>();
        services.AddEvents(configuration);
        services.AddSingleton<AuditSealer>();
        if (configuration.GetValue("Audit:Sealing", true))
        {
            services.AddHostedService(provider => provider.GetRequiredService<AuditSealer>());
        }

        return services;
    }

    public static void MapReading(this IEndpointRouteBuilder v1)
    {
        v1.MapAccounts();
        v1.MapTransactions();
        v1.MapSpending();
        v1.MapPayees();
        v1.MapTeller();
        v1.MapAudit();
    }
}
