using System.Diagnostics;
using System.Runtime.InteropServices;
using AppHost.Demo;
using AppHost.Postgres;
using AppHost.Processes;

namespace AppHost.Bank;

/// <summary>What the user asked for.</summary>
/// <param name="Data">The data folder.</param>
/// <param name="Port">The base port.</param>
/// <param name="OpenBrowser">Whether the browser opens where there is one.</param>
/// <param name="Reset">Whether the data folder is emptied first.</param>
internal sealed record RunOptions(string Data, int Port, bool OpenBrowser, bool Reset);

/// <summary>
/// Starts the bank on this machine, keeps it running until it is told to stop or a part of it dies, and leaves nothing
/// running behind: not after Ctrl+C, not after a failure, and not after a SIGKILL of this process.
/// </summary>
/// <param name="describe">The processes to run.</param>
/// <param name="screen">Where progress is shown.</param>
internal sealed class RunBank(Func<BankContext, BankProcesses> describe, Screen screen)
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);
    private const int LinesShown = 15;

    /// <returns>The exit code: 0 when it was told to stop, otherwise that of the failure.</returns>
    public async Task<int> RunAsync(RunOptions options, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal);
        try
        {
            await using var data = await DataFolder.OpenAsync(options.Data, options.Reset, stop.Token);
            await RunAsync(data, options, stop.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            screen.Say("Stopped.");
            return 0;
        }
        catch (Exception e) when (e is HostException or ClusterException)
        {
            screen.Fail(e.Message);
            return e is HostException { ExitCode: var code } ? code : HostException.Failed;
        }
    }

    private async Task RunAsync(DataFolder data, RunOptions options, CancellationToken stop)
    {
        var ports = new Ports(options.Port);
        var clusterFolder = await PostgresCluster.LocateAsync(data.ClusterFolder, stop);

        // From here on the database server goes with this process, whatever becomes of it. Starting the watchdog also
        // waits for the one of a host that was just killed.
        await using var watchdog = await PostgresWatchdog.StartAsync(clusterFolder, stop);
        await PostgresCluster.StopAsync(clusterFolder, stop);
        await ports.RequireFreeAsync(stop);

        var secrets = await Secrets.LoadAsync(data.SecretsFile, stop);
        var cluster = await screen.StepAsync("Starting the database", progress => StartDatabaseAsync(data, secrets, ports, progress, stop));
        try
        {
            await ServeAsync(new BankContext(data, secrets, cluster, ports), options, stop);
        }
        finally
        {
            screen.Say("Stopping the database");
            await cluster.StopAsync(CancellationToken.None);
        }
    }

    private static async Task<PostgresCluster> StartDatabaseAsync(DataFolder data, Secrets secrets, Ports ports, IProgress<string> progress, CancellationToken stop)
    {
        var cluster = await PostgresCluster.StartAsync(
            new PostgresClusterOptions { Folder = data.ClusterFolder, SuperuserPassword = secrets[Secrets.PostgresSuperuser], Port = ports.Postgres },
            progress,
            stop);
        try
        {
            await DatabaseLayout.CreateRolesAsync(cluster, secrets.Roles, stop);
            foreach (var layout in DatabaseLayout.All)
            {
                await layout.CreateDatabaseAsync(cluster, cancellationToken: stop);
            }

            return cluster;
        }
        catch (Npgsql.PostgresException e) when (e.SqlState == Npgsql.PostgresErrorCodes.InvalidPassword)
        {
            throw new HostException($"The database in {cluster.Folder} has another password than {data.SecretsFile} says: restore that file, or start over with --reset.", e);
        }
    }

    private async Task ServeAsync(BankContext context, RunOptions options, CancellationToken stop)
    {
        var bank = describe(context);
        foreach (var preparation in bank.Preparations)
        {
            await screen.StepAsync(preparation.Title, async progress =>
            {
                await PrepareAsync(preparation.Process, context.Data, progress, stop);
                return true;
            });
        }

        var running = new List<ChildProcess>();
        try
        {
            await screen.StepAsync("Starting the bank", async progress =>
            {
                foreach (var service in bank.Services)
                {
                    running.Add(ChildProcess.Start(service.Process, context.Data.LogFolder));
                }

                await WaitUntilReadyAsync(bank.Services, running, progress, stop);
                return true;
            });

            var logins = File.Exists(context.Data.DemoLoginsFile) ? await DemoLogins.ReadAsync(context.Data.Path, stop) : [];
            screen.ShowBank(bank.Services, logins, context);
            if (options.OpenBrowser)
            {
                Browser.Open(Ports.Address(context.Ports.Web));
            }

            screen.Ready();
            await Task.WhenAny([.. running.Select(child => child.Exited), context.Cluster.EndAsync(stop), Task.Delay(Timeout.Infinite, stop)]);
            if (!context.Cluster.IsRunning && !stop.IsCancellationRequested)
            {
                // Said first: whoever ended after the database ended because of it.
                throw new HostException($"The database server ended. Its last words ({context.Cluster.LogFile}):{Environment.NewLine}{context.Cluster.LastWords(LinesShown)}");
            }

            await ThrowIfDeadAsync(running, stop);
            stop.ThrowIfCancellationRequested();
        }
        finally
        {
            await StopAsync(running);
        }
    }

    private static async Task PrepareAsync(ChildProcessStart process, DataFolder data, IProgress<string> progress, CancellationToken stop)
    {
        await using var child = ChildProcess.Start(process, data.LogFolder, new Sentences(progress));
        var exitCode = await child.Exited.WaitAsync(stop);
        if (exitCode != 0)
        {
            throw await DeathOfAsync(child);
        }
    }

    private static async Task WaitUntilReadyAsync(IReadOnlyList<Service> services, IReadOnlyList<ChildProcess> running, IProgress<string> progress, CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var waiting = services.ToList();
        var clock = Stopwatch.StartNew();
        while (true)
        {
            await ThrowIfDeadAsync(running, stop);
            foreach (var service in waiting.ToList())
            {
                if (await IsReadyAsync(http, service, stop))
                {
                    waiting.Remove(service);
                }
            }

            if (waiting.Count == 0)
            {
                return;
            }

            progress.Report($"Waiting for {string.Join(", ", waiting.Select(service => service.Process.Name))}");
            if (clock.Elapsed > ReadyTimeout)
            {
                var late = running.First(child => child.Name == waiting[0].Process.Name);
                throw new HostException($"{late.Name} is not ready after {ReadyTimeout.TotalSeconds:0} seconds ({waiting[0].Address}health/ready). Its log is {late.LogFile}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), stop);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Service service, CancellationToken stop)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(service.Address, "health/ready"), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !stop.IsCancellationRequested))
        {
            return false;
        }
    }

    private static async Task ThrowIfDeadAsync(IReadOnlyList<ChildProcess> running, CancellationToken stop)
    {
        if (running.FirstOrDefault(child => child.Exited.IsCompleted) is not { } dead)
        {
            return;
        }

        // Ctrl+C reaches the children of a terminal at the same time as the host; who ends because of it did not die.
        await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(500), stop));
        stop.ThrowIfCancellationRequested();
        throw await DeathOfAsync(dead);
    }

    private static async Task<HostException> DeathOfAsync(ChildProcess child) => new(
        $"{child.Name} ended with exit code {await child.Exited}. Its last words ({child.LogFile}):{Environment.NewLine}{await child.LastLinesAsync(LinesShown)}");

    // In reverse: nobody is asked for something by a process that is already without what it needs.
    private async Task StopAsync(List<ChildProcess> running)
    {
        for (var i = running.Count - 1; i >= 0; i--)
        {
            await using var child = running[i];
            if (child.Exited.IsCompleted)
            {
                continue;
            }

            screen.Say($"Stopping {child.Name}");
            if (!await child.StopAsync(StopTimeout))
            {
                screen.Say($"{child.Name} did not stop within {StopTimeout.TotalSeconds:0} seconds and was killed.");
            }
        }
    }

    // A command tells a person how far it is in lines of text; its structured log lines are for the log file.
    private sealed class Sentences(IProgress<string> progress) : IProgress<string>
    {
        public void Report(string value)
        {
            if (value.Length > 0 && value[0] != '{')
            {
                progress.Report(value);
            }
        }
    }
}
