using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SecureBank.ServiceDefaults;

/// <summary>
/// Stops this process when its standard input ends: the supervisor holds the other end, so the process cannot outlive it,
/// however the supervisor dies.
/// </summary>
internal sealed class SupervisedLifetime(IHostApplicationLifetime lifetime, ILogger<SupervisedLifetime> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: reading a pipe blocks for as long as the process lives.
        var reader = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            Span<byte> buffer = stackalloc byte[256];
            try
            {
                while (input.Read(buffer) > 0)
                {
                }
            }
            catch (IOException)
            {
                // A broken pipe says the same as its end.
            }

            logger.LogInformation("The supervisor is gone or asked us to stop.");
            lifetime.StopApplication();
        })
        { IsBackground = true, Name = "supervisor-stdin" };
        reader.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
