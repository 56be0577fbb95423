using Assistant.Bot.Conversations;
using Npgsql;

namespace Assistant.Bot.Delegation;

/// <summary>
/// Renews the tokens of conversations whose customer is connected, so that a customer who reads for ten minutes is not asked to sign in
/// again while their session lives. Whether it lives is for the bank to say at each renewal.
/// </summary>
internal sealed class DelegationKeeper(ConversationSignals signals, DelegatedTokens tokens, TimeProvider clock, ILogger<DelegationKeeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(30), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                foreach (var key in await tokens.FindExpiringAsync(signals.Connected, stoppingToken))
                {
                    await tokens.GetAsync(key, stoppingToken);
                }
            }
            catch (Exception fault) when (fault is NpgsqlException or IOException or TimeoutException)
            {
                logger.LogWarning("Renewing delegated tokens failed ({Reason}); trying again.", fault.GetType().Name);
            }
        }
    }
}
