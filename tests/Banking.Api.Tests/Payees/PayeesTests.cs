using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Banking.Api.Payees;
using Banking.Api.Tests.Accounts;
using Banking.Client;

namespace Banking.Api.Tests.Payees;

public sealed class PayeesTests(BankWorld world) : IClassFixture<BankWorld>
{
    private static readonly CallContext Call = CallContext.None;
    private static readonly string Elsewhere = Iban.Create("GB", "XXBK20202041234567");

    [Fact]
    public async Task Add_WhenApproved_SavesExactlyWhatWasShownAndTellsTheConversation()
    {
        var customer = await world.CreateCustomerAsync();
        var request = new CreatePayee("  Maya   Okafor ", Iban.Print(Elsewhere), null, "conv-7");
        var challenge = (await customer.Api.AddPayeeAsync(request, Call)).Problem!;
        Assert.Equal((401, ErrorCodes.InsufficientUserAuthentication), (challenge.Status, challenge.Code));
        var id = challenge.Text("authorizationId")!;
        var shown = (await customer.Api.GetAuthorizationAsync(id, Call)).Value!.Details;
        Assert.Equal(("payee_creation", "Maya Okafor", Elsewhere), (shown.GetProperty("type").GetString(), shown.GetProperty("payeeName").GetString(), shown.GetProperty("payeeAccount").GetProperty("iban").GetString()));

        await world.Host.ApproveWithTotpAsync(customer.Http, customer.User, id);
        var saved = (await customer.Api.AddPayeeAsync(request with { AuthorizationId = id }, Call)).Value!;

        Assert.Equal(("Maya Okafor", Elsewhere), (saved.Name, saved.Iban));
        Assert.Equal([saved], (await customer.Api.ListPayeesAsync(Call)).Value!);
        Assert.Equal(
            $$"""{"name": "Maya Okafor", "payeeId": "{{saved.Id}}", "conversationId": "conv-7"}""",
            await world.QueryAsync<string>($"select data::text from event.outbox where subject = '{saved.Id}'"));
        Assert.Equal(1, await world.QueryAsync<long>($"select count(*) from audit.event where action = 'payee.create' and subject = '{saved.Id}' and actor = '{customer.User.Id}'"));
        Assert.Equal(ErrorCodes.PayeeExists, (await customer.Api.AddPayeeAsync(request, Call)).Problem?.Code);
    }

    [Fact]
    public async Task Add_WhenNotApprovedOrForAnotherBody_SavesNothing()
    {
        var customer = await world.CreateCustomerAsync();
        var request = new CreatePayee("Maya", Elsewhere, null);
        var id = (await customer.Api.AddPayeeAsync(request, Call)).Problem!.Text("authorizationId")!;
        Assert.False((await customer.Api.AddPayeeAsync(request with { AuthorizationId = id }, Call)).Succeeded);
        await world.Host.ApproveWithTotpAsync(customer.Http, customer.User, id);

        var attacker = Iban.Create("GB", "XXBK20202099999999");
        Assert.False((await customer.Api.AddPayeeAsync(request with { AuthorizationId = id, Iban = attacker }, Call)).Succeeded);
        Assert.False((await customer.Api.AddPayeeAsync(request with { AuthorizationId = id, Name = "Mallory" }, Call)).Succeeded);
        Assert.Empty((await customer.Api.ListPayeesAsync(Call)).Value!);
        Assert.True((await customer.Api.AddPayeeAsync(request with { AuthorizationId = id }, Call)).Succeeded);
    }

    [Fact]
    public async Task Add_WhenApprovalIsAnotherCustomers_SavesNothing()
    {
        var (customer, other) = (await world.CreateCustomerAsync(), await world.CreateCustomerAsync());
        var request = new CreatePayee("Maya", Elsewhere, null);
        var id = (await other.Api.AddPayeeAsync(request, Call)).Problem!.Text("authorizationId")!;
        await world.Host.ApproveWithTotpAsync(other.Http, other.User, id);

        Assert.False((await customer.Api.AddPayeeAsync(request with { AuthorizationId = id }, Call)).Succeeded);
        Assert.Empty((await customer.Api.ListPayeesAsync(Call)).Value!);
    }

    [Fact]
    public async Task Add_WhenIbanIsWrongOrOwn_IsRefusedBeforeAnybodyIsAsked()
    {
        var customer = await world.CreateCustomerAsync();
        Assert.Equal(ErrorCodes.IbanInvalid, (await customer.Api.AddPayeeAsync(new CreatePayee("Maya", "GB00XXBK20202041234567", null), Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.SameAccount, (await customer.Api.AddPayeeAsync(new CreatePayee("Me", customer.Current.Iban, null), Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.ValidationFailed, (await customer.Api.AddPayeeAsync(new CreatePayee("M\u202Eaya", Elsewhere, null), Call)).Problem?.Code);
    }

    [Fact]
    public async Task Add_WhenCalledByTheAssistant_IsForbidden()
    {
        var customer = await world.CreateCustomerAsync();
        using var assistant = await world.DelegateAsync(customer);
        using var response = await assistant.PostAsJsonAsync("v1/payees", new CreatePayee("Maya", Elsewhere, null), BankingApiClient.Json);
        Assert.Equal((403, ErrorCodes.Forbidden), ((int)response.StatusCode, await response.CodeAsync()));
    }

    [Fact]
    public async Task Add_WhenBodyHasUnknownMembers_IsRefused()
    {
        var customer = await world.CreateCustomerAsync();
        foreach (var extra in (string[])["\"partyId\":1", "\"id\":\"pye_1\"", "\"Name\":\"x\"", "\"name\":\"twice\""])
        {
            using var content = new StringContent($$"""{"name":"Maya","iban":"{{Elsewhere}}",{{extra}}}""", Encoding.UTF8, "application/json");
            using var response = await customer.Http.PostAsync("v1/payees", content);
            Assert.Equal((400, ErrorCodes.ValidationFailed), ((int)response.StatusCode, await response.CodeAsync()));
        }
    }

    [Fact]
    public async Task Remove_WhenSaved_HidesItAndAllowsItAgain()
    {
        var customer = await world.CreateCustomerAsync();
        var payee = await customer.SavePayeeAsync("Maya", Elsewhere);
        Assert.True((await customer.Api.RemovePayeeAsync(payee.Id, Call)).Succeeded);
        Assert.Equal(ErrorCodes.PayeeNotFound, (await customer.Api.RemovePayeeAsync(payee.Id, Call)).Problem?.Code);
        Assert.Equal(ErrorCodes.PayeeNotFound, (await customer.Api.GetPayeeAsync(payee.Id, Call)).Problem?.Code);
        Assert.NotEqual(payee.Id, (await customer.SavePayeeAsync("Maya", Elsewhere)).Id);
    }

    [Theory]
    [InlineData("Maya Okafor", "Maya Okafor")]
    [InlineData("  A  B ", "A B")]
    [InlineData("José", "José")]
    [InlineData("Łódź & Co. (UK) 株式会社", "Łódź & Co. (UK) 株式会社")]
    public void NormalizeName_WhenPrintable_JoinsSpaces(string given, string name)
    {
        Assert.True(AddPayee.TryNormalizeName(given, out var normalized));
        Assert.Equal(name, normalized);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u200Bb")]
    [InlineData("a\u202Eb")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901")]
    public void NormalizeName_WhenUnprintableOrTooLong_Refuses(string given) => Assert.False(AddPayee.TryNormalizeName(given, out _));

    [Fact]
    public void NormalizeName_WhenNotUnicode_Refuses() => Assert.False(AddPayee.TryNormalizeName("a" + (char)0xD800, out _));
}
