using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using SecureBank.ServiceDefaults;

namespace Banking.Client.Tests.ServiceDefaults;

public sealed class ProtectionTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public void ColumnCipher_AnyFlippedBit_IsFound()
    {
        using var cipher = new ColumnCipher(Key);
        var value = cipher.Encrypt("Amelia Hart", "identity.party.name");
        Assert.Equal("Amelia Hart", cipher.DecryptText(value, "identity.party.name"));
        for (var bit = 0; bit < value.Length * 8; bit++)
        {
            var changed = (byte[])value.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => cipher.DecryptText(changed, "identity.party.name"));
        }
    }

    [Fact]
    public void ColumnCipher_ValueMovedToAnotherColumn_DoesNotDecrypt()
    {
        using var cipher = new ColumnCipher(Key);
        var value = cipher.Encrypt("secret", "identity.user.totp");
        Assert.ThrowsAny<CryptographicException>(() => cipher.DecryptText(value, "identity.party.name"));
    }

    [Fact]
    public void ColumnCipher_AfterRotation_ReadsOldAndWritesNew()
    {
        using var old = new ColumnCipher(Key, keyId: 1);
        var value = old.Encrypt("secret", "p");
        using var rotated = new ColumnCipher(RandomNumberGenerator.GetBytes(32), keyId: 2, new Dictionary<byte, byte[]> { [1] = Key });
        Assert.Equal("secret", rotated.DecryptText(value, "p"));
        var rewritten = rotated.Encrypt("secret", "p");
        Assert.Equal("secret", rotated.DecryptText(rewritten, "p"));
        Assert.ThrowsAny<CryptographicException>(() => old.DecryptText(rewritten, "p"));
    }

    [Fact]
    public void EventSignature_StandardWebhooksVector_Matches()
    {
        // The example of the Standard Webhooks 1.0 specification's reference libraries.
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(1614265330));
        var signature = new EventSignature(Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), clock);
        var body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
        Assert.Equal(("1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), signature.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", body));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(299, true)]
    [InlineData(301, false)]
    [InlineData(-301, false)]
    public void EventSignature_OutsideTolerance_IsAReplay(int ageSeconds, bool accepted)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        var (timestamp, value) = new EventSignature(Key, new FixedClock(now)).Sign("evt_1", "{}"u8);
        Assert.Equal(accepted, new EventSignature(Key, new FixedClock(now.AddSeconds(ageSeconds))).Verify("evt_1", timestamp, value, "{}"u8));
    }

    [Fact]
    public void EventSignature_ChangedIdBodyOrSecret_IsRefused()
    {
        var clock = new FixedClock(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        var signature = new EventSignature(Key, clock);
        var (timestamp, value) = signature.Sign("evt_1", "{}"u8);
        Assert.True(signature.Verify("evt_1", timestamp, "v1,AAAA " + value, "{}"u8));
        Assert.False(signature.Verify("evt_2", timestamp, value, "{}"u8));
        Assert.False(signature.Verify("evt_1", timestamp, value, "{ }"u8));
        Assert.False(signature.Verify("evt_1", "1800000001", value, "{}"u8));
        Assert.False(signature.Verify("evt_1", timestamp, value.Replace("v1,", "v2,", StringComparison.Ordinal), "{}"u8));
        Assert.False(signature.Verify("evt_1", timestamp, null, "{}"u8));
        Assert.False(new EventSignature(RandomNumberGenerator.GetBytes(32), clock).Verify("evt_1", timestamp, value, "{}"u8));
    }

    [Fact]
    public void ProductionGuard_NamesEveryFaultAtOnce()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "http://0.0.0.0:80;https://0.0.0.0:443",
            ["BankingApi:BaseAddress"] = "http://api",
            ["Events:Endpoints:assistant"] = "http://bot/events",
            ["Demo:Enabled"] = "true",
            ["DirectLine:Authentication"] = "off",
            ["ConnectionStrings:Bank"] = "Host=db.bank.example;Database=bank;SSL Mode=Require",
            ["Events:SigningSecret"] = "changeme-changeme-changeme-changeme",
            ["Clients:web:Secret"] = "short",
        }).Build();
        var faults = ProductionGuard.FindFaults(configuration);
        Assert.Equal(8, faults.Count);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("ASPNETCORE_HTTP_PORTS", "8080")]
    [InlineData("Kestrel:Endpoints:Pages:Url", "http://*:80")]
    public void ProductionGuard_AnyWayToPlainHttp_IsAFault(string? setting, string? value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(setting is null ? [] : new Dictionary<string, string?> { [setting] = value }).Build();
        Assert.Contains("plain HTTP", Assert.Single(ProductionGuard.FindFaults(configuration)), StringComparison.Ordinal);
    }

    [Fact]
    public void ProductionGuard_SafeConfiguration_HasNoFault()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = "https://0.0.0.0:443",
            ["BankingApi:BaseAddress"] = "https://api",
            ["ConnectionStrings:Bank"] = "Host=db.bank.example;Database=bank;SSL Mode=VerifyFull",
            ["ConnectionStrings:Web"] = "Host=/run/postgresql;Database=bank",
            ["Events:SigningSecret"] = Convert.ToBase64String(Key),
        }).Build();
        Assert.Empty(ProductionGuard.FindFaults(configuration));
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
