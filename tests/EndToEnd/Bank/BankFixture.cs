namespace EndToEnd.Bank;

/// <summary>One running bank for the test classes of a collection.</summary>
public sealed class BankFixture : IAsyncLifetime
{
    private HostedBank? _bank;

    internal HostedBank Bank => _bank ?? throw new InvalidOperationException("The bank is not running.");

    public async ValueTask InitializeAsync() => _bank = await HostedBank.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_bank is not null)
        {
            await _bank.DisposeAsync();
        }
    }
}
