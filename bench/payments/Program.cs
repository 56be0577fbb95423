using System.Globalization;
using PaymentsBench;

// dotnet run -c Release --project bench/payments [-- --slices 5 --seconds 3 --customers 30000 --warm-up 20000]
var options = BenchOptions.Parse(args);
await using var bank = await BenchBank.StartAsync(options);
var figures = await Measurement.RunAsync(bank, options);

Console.WriteLine();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pgbench TPC-B, scale 10, prepared, 16 clients: {figures.Peer:N0}/s (median of {options.Slices})"));
foreach (var load in figures.Loads)
{
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{load.Name,-28} {load.PerSecond,8:N0}/s   p50 {load.P50,6:N1} ms   p99 {load.P99,6:N1} ms   held {load.Held,6:N0} of {load.Fresh,8:N0}   replayed {load.Replayed,7:N0}"));
}

Console.WriteLine();
Console.WriteLine("figure                                                   ratio   floor   goal");
foreach (var (name, ratio, floor, goal) in figures.Ratios)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-56} {ratio,5:N2}   {floor,5:N2}   {goal,4:N2}   {(ratio >= goal ? "goal" : ratio >= floor ? "floor" : "MISSED")}"));
}

foreach (var (name, ratio, ceiling, goal) in figures.Latencies)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-56} {ratio,5:N2} <={ceiling,5:N2} <={goal,5:N2}   {(ratio <= goal ? "goal" : ratio <= ceiling ? "floor" : "MISSED")}"));
}

foreach (var (name, ratio) in figures.ByProcessor)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-56} {ratio,5:N2}"));
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Other processes kept {figures.OtherCores:N1} of {Environment.ProcessorCount} processors busy (median)."));

Console.WriteLine();
Console.WriteLine("6 correctness");
foreach (var (name, count) in figures.Correctness)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-72} {count,10:N0}"));
}

return figures.IsCorrect ? 0 : 1;
