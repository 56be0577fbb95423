using System.Globalization;

namespace PaymentsBench;

/// <summary>How long and how much is measured.</summary>
internal sealed record BenchOptions(int Slices, double Seconds, int Customers, int PaymentsPerSecond, int WarmUpPayments, double WarmUpSeconds)
{
    public static BenchOptions Parse(string[] args)
    {
        var options = new BenchOptions(5, 3, 30_000, 13_000, 20_000, 8);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            options = args[i] switch
            {
                "--slices" => options with { Slices = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--customers" => options with { Customers = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--prepared" => options with { PaymentsPerSecond = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--warm-up" => options with { WarmUpPayments = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"There is no option {args[i]}."),
            };
        }

        return options;
    }
}
