using System.Net;
using System.Net.Http.Json;
using Banking.Api.Tests.Hosting;
using Banking.Client;
using Testing;

namespace Banking.Api.Tests.Identity;

public sealed class SignInTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await ApiHost.CreateDatabaseAsync();
        _host = await ApiHost.StartAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task SignIn_WithPasswordAndCode_OpensASession()
    {
        var user = await _host.CreateCustomerAsync("Ada Lovelace");
        var opened = await _host.OpenSessionAsync(user);

        using var client = _host.CreateClientWith(opened.AccessToken);
        var session = await new BankingApiClient(client).GetSessionAsync(CallContext.None);

        Assert.True(session.Succeeded, session.Problem?.ToString());
        Assert.Equal(user.Id, session.Value.User.Id);
        Assert.Equal("Ada Lovelace", session.Value.User.DisplayName);
        Assert.Equal(AcrValues.Mfa, session.Value.Acr);
        Assert.Equal(opened.SessionId, session.Value.SessionId);
    }
}
