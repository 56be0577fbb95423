using Banking.Api.Accounts;
using Banking.Api.Payees;
using Banking.Api.Spending;
using Banking.Api.Transactions;

namespace Banking.Api.Infrastructure;

/// <summary>The nouns that are read: accounts, transactions, spending, payees; and the surface that all endpoints share.</summary>
internal static class Reading
{
    public static IServiceCollection AddReading(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddHttpSurface(configuration);
        services.AddSingleton(provider => new BankCalendar(provider.GetRequiredService<TimeProvider>(), configuration));
        return services;
    }

    public static void MapReading(this IEndpointRouteBuilder v1)
    {
        v1.MapAccounts();
        v1.MapTransactions();
        v1.MapSpending();
        v1.MapPayees();
    }
}
