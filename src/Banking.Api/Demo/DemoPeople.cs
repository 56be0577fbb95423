using System.Globalization;
using Banking.Api.Identity;
using Banking.Client;

namespace Banking.Api.Demo;

/// <summary>Somebody who can sign in to the demo bank.</summary>
internal sealed record DemoPerson(string UserName, string DisplayName, string Role);

/// <summary>An account of the demo bank. The first holder is the owner, others own it with them.</summary>
internal sealed record DemoAccount(string Key, string[] Holders, string Type, string Name, string OpeningAmount, string OverdraftAmount = "0.00");

/// <summary>Somebody a demo customer pays: an account of this bank by its key, or an IBAN at another bank.</summary>
internal sealed record DemoPayee(string Customer, string Name, string? AccountKey, string? Iban);

/// <summary>Who is in the demo bank. All of it is invented.</summary>
internal static class DemoPeople
{
    public static IReadOnlyList<DemoPerson> All { get; } =
    [
        new("amelia", "Amelia Hart", Roles.Customer),
        new("daniel", "Daniel Osei", Roles.Customer),
        new("priya", "Priya Nair", Roles.Customer),
        new("agent", "Grace Whitlock", Roles.Agent),
        new("supervisor", "Tom Adeyemi", Roles.Supervisor),
        new("analyst", "Ines Carvalho", Roles.RiskAnalyst),
        new("lead", "Martin Frost", Roles.RiskLead),
        new("teller", "Ruth Calloway", Roles.Teller),
        new("auditor", "Victor Lindqvist", Roles.Auditor),
    ];

    public static IReadOnlyList<DemoAccount> Accounts { get; } =
    [
        new("amelia.current", ["amelia"], "current", "Everyday account", "1240.50", "500.00"),
        new("amelia.savings", ["amelia"], "savings", "Rainy day savings", "6500.00"),
        new("daniel.current", ["daniel"], "current", "Everyday account", "1875.20", "500.00"),
        new("daniel.savings", ["daniel"], "savings", "House deposit", "11200.00"),
        new("priya.current", ["priya"], "current", "Everyday account", "2310.75", "750.00"),
        new("priya.savings", ["priya"], "savings", "Travel savings", "3900.00"),
        new("household", ["amelia", "daniel"], "current", "Household account", "2450.00"),
    ];

    public static IReadOnlyList<DemoPayee> Payees { get; } =
    [
        new("amelia", "Daniel Osei", "daniel.current", null),
        new("amelia", "Priya Nair", "priya.current", null),
        new("amelia", "Brightwater Lettings", null, Elsewhere(1)),
        new("amelia", "Northgate Energy", null, Elsewhere(2)),
        new("amelia", "Maya Okafor", null, Elsewhere(3)),
        new("daniel", "Amelia Hart", "amelia.current", null),
        new("daniel", "Priya Nair", "priya.current", null),
        new("daniel", "Northgate Energy", null, Elsewhere(2)),
        new("daniel", "Fernhill Cycles", null, Elsewhere(4)),
        new("daniel", "Maya Okafor", null, Elsewhere(3)),
        new("priya", "Amelia Hart", "amelia.current", null),
        new("priya", "Daniel Osei", "daniel.current", null),
        new("priya", "Alder House Lettings", null, Elsewhere(5)),
        new("priya", "Northgate Energy", null, Elsewhere(2)),
        new("priya", "Maya Okafor", null, Elsewhere(3)),
    ];

    // A bank code that no bank has.
    private static string Elsewhere(int number) => Iban.Create("GB", "XXBK202020" + (40_000_000 + (number * 1_234_567)).ToString("D8", CultureInfo.InvariantCulture));
}
