using Banking.Client;

namespace Banking.Client.Tests;

public sealed class IdentifierTests
{
    [Fact]
    public void PublicId_FormatThenParse_GivesTheSameValue()
    {
        var value = PublicId.NewValue(TimeProvider.System);
        Assert.True(PublicId.TryParse(PublicId.Format(PublicId.Payment, value), PublicId.Payment, out var parsed));
        Assert.Equal(value, parsed);
    }

    [Theory]
    [InlineData("acc_0199c0ffee7a7c3e8d1f2a3b4c5d6e7f")]
    [InlineData("pay_0199C0FFEE7A7C3E8D1F2A3B4C5D6E7F")]
    [InlineData("pay_0199c0ffee7a7c3e8d1f2a3b4c5d6e7")]
    [InlineData("pay_0199c0ffee7a7c3e8d1f2a3b4c5d6e7f ")]
    [InlineData("pay-0199c0ffee7a7c3e8d1f2a3b4c5d6e7f")]
    [InlineData("0199c0ff-ee7a-7c3e-8d1f-2a3b4c5d6e7f")]
    [InlineData("")]
    [InlineData(null)]
    public void PublicId_OfAnotherKindOrForm_IsNoPaymentId(string? text) =>
        Assert.False(PublicId.TryParse(text, PublicId.Payment, out _));

    [Theory]
    [InlineData("GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432")]
    [InlineData("de89370400440532013000", "DE89370400440532013000")]
    [InlineData("NO93 8601 1117 947", "NO9386011117947")]
    public void Iban_Valid_IsNormalised(string text, string expected)
    {
        Assert.True(Iban.TryNormalize(text, out var iban));
        Assert.Equal(expected, iban);
    }

    [Theory]
    [InlineData("GB82 WEST 1234 5698 7654 33")]
    [InlineData("GB82WEST1234569876543")]
    [InlineData("GB82WEST12345698765432X")]
    [InlineData("1282WEST12345698765432")]
    [InlineData("GB82-WEST-1234-5698-7654-32")]
    [InlineData("")]
    [InlineData(null)]
    public void Iban_Invalid_IsRefused(string? text) => Assert.False(Iban.TryNormalize(text, out _));

    [Fact]
    public void Iban_EverySingleDigitError_IsFound()
    {
        const string iban = "GB82WEST12345698765432";
        for (var i = 2; i < iban.Length; i++)
        {
            if (char.IsAsciiDigit(iban[i]))
            {
                for (var digit = '0'; digit <= '9'; digit++)
                {
                    var changed = iban[..i] + digit + iban[(i + 1)..];
                    Assert.Equal(digit == iban[i], Iban.TryNormalize(changed, out _));
                }
            }
        }
    }

    [Fact]
    public void Iban_Create_HasValidCheckDigits()
    {
        Assert.Equal("GB82WEST12345698765432", Iban.Create("GB", "WEST12345698765432"));
        Assert.Equal("GB82 WEST 1234 5698 7654 32", Iban.Print("GB82WEST12345698765432"));
    }
}
