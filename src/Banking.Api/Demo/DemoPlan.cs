using System.Globalization;
using Banking.Api.Infrastructure;
using Banking.Api.Ledger;
using Banking.Client;

namespace Banking.Api.Demo;

/// <summary>Something that happens in the demo bank's past. <paramref name="Key"/> makes it happen once, also when seeding is taken up again.</summary>
internal abstract record DemoStep(DateTimeOffset At, string Key)
{
    /// <summary>Money that comes from, or goes to, somebody at another bank, or cash.</summary>
    internal sealed record Move(DateTimeOffset At, string Key, string Account, MovementKind Kind, Money Amount, string Counterparty, string Category, string? Reference) : DemoStep(At, Key);

    /// <summary>A customer signs in, makes payments, and signs out.</summary>
    internal sealed record Sitting(DateTimeOffset At, string Key, string Customer, IReadOnlyList<DemoPayment> Payments) : DemoStep(At, Key);
}

/// <summary>A payment to a saved payee by name, or to an own account by key.</summary>
internal sealed record DemoPayment(string FromAccount, string? Payee, string? ToAccount, Money Amount, string Reference);

/// <summary>Half a year in the lives of three customers: the same every time for the same first day.</summary>
internal sealed class DemoPlan
{
    private readonly BankCalendar _calendar;
    private readonly List<DemoStep> _steps = [];
#pragma warning disable CA5394 // Not a secret: the demo's past must come out the same each time.
    private readonly Random _random = new(20_260_311);
#pragma warning restore CA5394

    private DemoPlan(BankCalendar calendar) => _calendar = calendar;

    /// <summary>Everything from <paramref name="first"/> on that lies before <paramref name="until"/>, in order.</summary>
    public static IReadOnlyList<DemoStep> Create(BankCalendar calendar, DateOnly first, DateTimeOffset until)
    {
        var plan = new DemoPlan(calendar);
        for (var day = first.AddDays(1); day <= calendar.DateOf(until); day = day.AddDays(1))
        {
            plan.Bills(day);
            plan.Sittings(day);
            plan.Household(day);
            plan.Daily(day, "amelia.current", 1.0);
            plan.Daily(day, "daniel.current", 0.9);
            plan.Daily(day, "priya.current", 1.2);
        }

        return [.. plan._steps.Where(step => step.At < until).OrderBy(step => step.At).ThenBy(step => step.Key, StringComparer.Ordinal)];
    }

    private void Bills(DateOnly day)
    {
        switch (day.Day)
        {
            case 1:
                Out(day, 7, 5, "household", 14_800, "Borough Council", TransactionCategories.Bills, "COUNCIL TAX");
                Out(day, 7, 6, "priya.current", 13_250, "Borough Council", TransactionCategories.Bills, "COUNCIL TAX");
                break;
            case 3:
                Out(day, 6, 40, "amelia.current", 2_200, "Vela Mobile", TransactionCategories.Bills, "Mobile plan");
                Out(day, 6, 41, "priya.current", 1_850, "Vela Mobile", TransactionCategories.Bills, "Mobile plan");
                break;
            case 5:
                Out(day, 6, 30, "household", 3_400, "Fibrelane Broadband", TransactionCategories.Bills, "Broadband");
                Out(day, 6, 31, "daniel.current", 2_900, "Pulse Fitness", TransactionCategories.Health, "Membership");
                break;
            case 12:
                Out(day, 5, 50, "amelia.current", 1_099, "Streamline TV", TransactionCategories.Subscriptions, "Monthly plan");
                Out(day, 5, 51, "priya.current", 1_599, "Streamline TV", TransactionCategories.Subscriptions, "Family plan");
                break;
            case 15:
                Out(day, 5, 52, "daniel.current", 1_199, "Tempo Music", TransactionCategories.Subscriptions, "Monthly plan");
                break;
            case 25:
                In(day, 6, 10, "daniel.current", 312_000, "Harrow Engineering Ltd", TransactionCategories.Income, "SALARY");
                break;
            case 26:
                In(day, 6, 12, "priya.current", 405_000, "Northfield Hospital Trust", TransactionCategories.Income, "SALARY");
                break;
            case 28:
                In(day, 6, 9, "amelia.current", 285_000, "Larkfield Design Ltd", TransactionCategories.Income, "SALARY");
                break;
        }
    }

    private void Sittings(DateOnly day)
    {
        switch (day.Day)
        {
            case 2:
                Sit(day, 18, 30, "amelia", To("household", "Brightwater Lettings", 115_000, "Rent"), To("household", "Northgate Energy", 8_640, "Customer 4471902"));
                Sit(day, 20, 10, "priya", To("priya.current", "Alder House Lettings", 98_000, "Rent flat 12"), To("priya.current", "Northgate Energy", 6_415, "Customer 5519037"));
                break;
            case 10:
                Sit(day, 19, 5, "daniel", To("daniel.current", "Maya Okafor", Between(1_500, 4_000), "Five-a-side"), To("daniel.current", "Fernhill Cycles", Between(1_800, 6_500), "Service"));
                break;
            case 14:
                Sit(day, 20, 45, "amelia", To("amelia.current", "Maya Okafor", Between(2_000, 4_800), "Dinner"), To("amelia.current", "Priya Nair", Between(1_000, 2_800), "Theatre"));
                break;
            case 17:
                Sit(day, 12, 35, "priya", To("priya.current", "Maya Okafor", Between(1_500, 4_500), "Weekend"), To("priya.current", "Daniel Osei", Between(1_200, 3_000), "Tickets"));
                break;
            case 21:
                Sit(day, 21, 15, "daniel", To("daniel.current", "Amelia Hart", Between(1_500, 3_500), "Groceries"));
                break;
            case 27:
                Sit(day, 18, 5, "daniel", Own("daniel.current", "household", 100_000, "Household"), Own("daniel.current", "daniel.savings", 60_000, "Deposit"));
                Sit(day, 18, 40, "priya", Own("priya.current", "priya.savings", 70_000, "Lisbon"));
                break;
            case 28:
                Sit(day, 18, 20, "amelia", Own("amelia.current", "household", 90_000, "Household"), Own("amelia.current", "amelia.savings", 45_000, "Monthly saving"));
                break;
        }
    }

    private void Household(DateOnly day)
    {
        if (day.DayOfWeek is DayOfWeek.Saturday)
        {
            Out(day, 10, 40, "household", Between(4_200, 7_800), "Greenleaf Market", TransactionCategories.Groceries, null);
        }

        if (day.DayOfWeek is DayOfWeek.Wednesday)
        {
            Out(day, 18, 15, "household", Between(1_400, 3_200), "Corner Fresh", TransactionCategories.Groceries, null);
        }
    }

    private void Daily(DateOnly day, string account, double appetite)
    {
        var weekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        if (!weekend && Chance(0.6))
        {
            Out(day, 8, 20, account, Between(280, 640), "Metro Transit", TransactionCategories.Transport, null);
        }

        if (!weekend && Chance(0.3 * appetite))
        {
            Out(day, 8, 50, account, Between(310, 560), "Station Coffee", TransactionCategories.EatingOut, null);
        }

        if (Chance((weekend ? 0.35 : 0.1) * appetite))
        {
            Out(day, 20, 20, account, Between(1_600, 4_600), Chance(0.5) ? "Olive Tree Kitchen" : "Saffron House", TransactionCategories.EatingOut, null);
        }

        if (account == "priya.current" && day.DayOfWeek is (DayOfWeek.Thursday or DayOfWeek.Sunday))
        {
            Out(day, 17, 50, account, Between(1_900, 5_200), "Harvest Foods", TransactionCategories.Groceries, null);
        }

        if (Chance(0.06 * appetite))
        {
            Out(day, 14, 25, account, Between(1_500, 8_900), Chance(0.5) ? "Thread & Loom" : "Pagefield Books", TransactionCategories.Shopping, null);
        }

        if (Chance(0.03))
        {
            Out(day, 11, 30, account, Between(450, 1_850), "Wellbeck Pharmacy", TransactionCategories.Health, null);
        }

        if (Chance(0.04))
        {
            Add(day, 13, 10, account, MovementKind.Withdrawal, 1_000 * Between(2, 6), "Cash machine, High Street", TransactionCategories.Cash, null);
        }
    }

    private static DemoPayment To(string account, string payee, int minorUnits, string reference) => new(account, payee, null, new Money(minorUnits, Currency.Gbp), reference);

    private static DemoPayment Own(string account, string other, int minorUnits, string reference) => new(account, null, other, new Money(minorUnits, Currency.Gbp), reference);

    private void In(DateOnly day, int hour, int minute, string account, int minorUnits, string counterparty, string category, string? reference) =>
        Add(day, hour, minute, account, MovementKind.Incoming, minorUnits, counterparty, category, reference);

    private void Out(DateOnly day, int hour, int minute, string account, int minorUnits, string counterparty, string category, string? reference) =>
        Add(day, hour, minute, account, MovementKind.Outgoing, minorUnits, counterparty, category, reference);

    private void Add(DateOnly day, int hour, int minute, string account, MovementKind kind, int minorUnits, string counterparty, string category, string? reference) =>
        _steps.Add(new DemoStep.Move(At(day, hour, minute + Between(0, 9)), NextKey(day), account, kind, new Money(minorUnits, Currency.Gbp), counterparty, category, reference));

    private void Sit(DateOnly day, int hour, int minute, string customer, params DemoPayment[] payments) =>
        _steps.Add(new DemoStep.Sitting(At(day, hour, minute), NextKey(day), customer, payments));

    private string NextKey(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"demo-{day:yyyyMMdd}-{_steps.Count}");

    private DateTimeOffset At(DateOnly day, int hour, int minute) => _calendar.StartOf(day).AddMinutes((hour * 60) + minute);

#pragma warning disable CA5394 // See the field.
    private int Between(int min, int max) => _random.Next(min, max + 1);

    private bool Chance(double probability) => _random.NextDouble() < probability;
#pragma warning restore CA5394
}
