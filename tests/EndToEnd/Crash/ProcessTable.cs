using System.Diagnostics;
using System.Globalization;

namespace EndToEnd.Crash;

/// <summary>A process of this machine; the time it started tells it from a later one with the same id.</summary>
internal sealed record RunningProcess(int Id, int ParentId, string StartedAt, string CommandLine)
{
    /// <summary>Whether it still runs. One that only waits to be collected does not.</summary>
    public bool IsAlive => ProcessTable.Read(Id) is { } now && now.StartedAt == StartedAt;

    /// <summary>Ends it as a crash does: SIGKILL, which it can neither notice nor delay.</summary>
    public void Kill()
    {
        try
        {
            using var process = Process.GetProcessById(Id);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It was gone already.
        }
    }
}

/// <summary>The processes of this machine, as Linux lists them below /proc.</summary>
internal static class ProcessTable
{
    /// <summary>One process and everything it started, directly and indirectly.</summary>
    public static IReadOnlyList<RunningProcess> TreeOf(int root)
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
            .OfType<RunningProcess>()
            .ToList();
        var tree = all.Where(process => process.Id == root).ToList();
        for (var i = 0; i < tree.Count; i++)
        {
            tree.AddRange(all.Where(process => process.ParentId == tree[i].Id));
        }

        return tree;
    }

    public static RunningProcess? Read(int id)
    {
        try
        {
            // "id (name) state parent ...": the name may hold anything, so the rest is counted from its closing bracket.
            var stat = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            var rest = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            const int State = 0;
            const int Parent = 1;
            const int StartTime = 19;
            return rest[State] is "Z" or "X"
                ? null
                : new RunningProcess(
                    id,
                    int.Parse(rest[Parent], CultureInfo.InvariantCulture),
                    rest[StartTime],
                    File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/cmdline").Replace('\0', ' '));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
