using System.Diagnostics;

namespace Fraud.Model.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fraud-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Train_Evaluate_Inspect_Simulate_Score_WorkTogether()
    {
        var model = Path.Combine(_folder, "try-1");
        var trained = await RunAsync("train", "--seed", "3", "--customers", "40", "--days", "10", "--trees", "6", "--subsample", "64", "--out", model, "--champion");
        Assert.Equal(0, trained.ExitCode);
        Assert.Contains("AUC ROC", trained.Output);
        Assert.NotNull(ModelRegistry.LoadChampion(_folder).Model);

        var again = await RunAsync("train", "--out", model);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("never overwritten", again.Error);

        var inspected = await RunAsync("inspect", model);
        Assert.Equal(0, inspected.ExitCode);
        Assert.Contains("verified", inspected.Output);
        Assert.Contains("# Fraud model try-1", inspected.Output);

        var evaluated = await RunAsync("evaluate", "--model", model, "--seed", "9", "--customers", "40", "--days", "10");
        Assert.Equal(0, evaluated.ExitCode);
        Assert.Contains("AccountTakeover", evaluated.Output);

        var payments = Path.Combine(_folder, "payments.csv");
        Assert.Equal(0, (await RunAsync("simulate", "--customers", "40", "--days", "7", "--out", payments)).ExitCode);
        var lines = (await File.ReadAllLinesAsync(payments)).ToList();
        lines[4] = "oops" + lines[4][lines[4].IndexOf(',')..];
        await File.WriteAllLinesAsync(payments, lines);
        var scores = Path.Combine(_folder, "scores.csv");
        var scored = await RunAsync("score", "--model", model, "--in", payments, "--out", scores);
        Assert.Equal(2, scored.ExitCode);
        Assert.Contains("Line 5", scored.Error);
        Assert.Equal(lines.Count - 1, (await File.ReadAllLinesAsync(scores)).Length);
    }

    [Fact]
    public async Task Inspect_WhenFilesWereChanged_FailsAndNamesTheFile()
    {
        var copy = Directory.CreateDirectory(Path.Combine(_folder, "copy")).FullName;
        var shipped = Directory.GetDirectories(Scenes.Models).Single();
        foreach (var file in Directory.GetFiles(shipped))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await File.AppendAllTextAsync(Path.Combine(copy, "card.md"), "better than it is");

        var inspected = await RunAsync("inspect", copy);
        Assert.Equal(1, inspected.ExitCode);
        Assert.Contains("HashMismatch", inspected.Error);
        Assert.Contains("card.md", inspected.Error);
    }

    [Theory]
    [InlineData("evaluate", "--model", "/nowhere")]
    [InlineData("train", "--out", "/tmp/bad name")]
    [InlineData("train", "--out", "x", "--trees", "0")]
    [InlineData("conjure")]
    public async Task Main_WhenArgumentsAreWrong_FailsWithAMessage(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.NotEqual(0, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Fraud.Model.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
