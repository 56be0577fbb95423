using System.CommandLine;
using System.CommandLine.Parsing;

namespace Fraud.Model.Commands;

/// <summary>Options that several commands share, so that they mean the same everywhere.</summary>
internal static class CommandOptions
{
    public static Option<long> Seed() => new("--seed") { Description = "Names the simulated bank; the same seed gives the same result.", DefaultValueFactory = _ => 1 };

    public static Option<int> Customers()
    {
        var option = new Option<int>("--customers") { Description = "Customers of the simulated bank.", DefaultValueFactory = _ => new SimulationOptions().Customers };
        option.Validators.Add(Within(20, 100_000));
        return option;
    }

    public static Option<int> Days()
    {
        var option = new Option<int>("--days") { Description = "Days simulated after the warm-up.", DefaultValueFactory = _ => new SimulationOptions().Days - new SimulationOptions().WarmUpDays };
        option.Validators.Add(Within(7, 730));
        return option;
    }

    public static SimulationOptions Shape(int customers, int days)
    {
        var shape = new SimulationOptions();
        return shape with { Customers = customers, Days = shape.WarmUpDays + days };
    }

    public static Action<OptionResult> Within(int low, int high) => result =>
    {
        if (result.Tokens.Count > 0 && int.TryParse(result.Tokens[0].Value, out var value) && (value < low || value > high))
            result.AddError($"{result.Option.Name} must be between {low} and {high}.");
    };

    /// <summary>Says why on standard error, unwrapped and uncoloured so that scripts can read it; the exit code of a refused command.</summary>
    public static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }
}
