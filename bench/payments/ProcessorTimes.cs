using System.Diagnostics;
using System.Globalization;

namespace PaymentsBench;

/// <summary>
/// Processor time used so far, in seconds: by the API, by the load generator (this process), by PostgreSQL, and by the whole machine. What the
/// machine used beyond the three belongs to others and tells how quiet the measurement was. The last two are read from Linux and zero elsewhere.
/// </summary>
internal readonly record struct ProcessorTimes(double Api, double Load, double Database, double Machine)
{
    /// <summary>Clock ticks per second in <c>/proc</c>: 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    public double Others => Math.Max(0, Machine - Api - Load - Database);

    public static ProcessorTimes Read(Process api, int postmaster)
    {
        api.Refresh();
        return new ProcessorTimes(api.TotalProcessorTime.TotalSeconds, OfSelf(), OfChildren(postmaster), OfMachine());
    }

    public static ProcessorTimes operator -(ProcessorTimes left, ProcessorTimes right) =>
        new(left.Api - right.Api, left.Load - right.Load, left.Database - right.Database, left.Machine - right.Machine);

    private static double OfMachine()
    {
        if (!File.Exists("/proc/stat"))
        {
            return 0;
        }

        // cpu user nice system idle iowait irq softirq steal ...
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new[] { 1, 2, 3, 6, 7, 8 }.Sum(i => double.Parse(fields[i], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    // With children that have ended: pgbench.
    private static double OfSelf() => File.Exists("/proc/self/stat") ? TicksOf("/proc/self/stat")[2..6].Sum() / TicksPerSecond : 0;

    private static double OfChildren(int parent)
    {
        if (!Directory.Exists("/proc/self"))
        {
            return 0;
        }

        var ticks = 0d;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                var isPostmaster = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture) == parent;
                var fields = TicksOf(Path.Combine(folder, "stat"));
                if (isPostmaster || (int)fields[0] == parent)
                {
                    ticks += fields[2..(isPostmaster ? 6 : 4)].Sum();
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return ticks / TicksPerSecond;
    }

    // pid (name) state parent ... 14 user 15 system 16 and 17 those of children that have ended; the name may contain anything but ends at the last bracket.
    private static double[] TicksOf(string file)
    {
        var stat = File.ReadAllText(file);
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return [.. new[] { 1, 2, 11, 12, 13, 14 }.Select(i => double.Parse(fields[i], CultureInfo.InvariantCulture))];
    }
}
