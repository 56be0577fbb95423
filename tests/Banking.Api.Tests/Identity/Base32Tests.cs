using System.Text;
using Banking.Api.Identity;

namespace Banking.Api.Tests.Identity;

public sealed class Base32Tests
{
    // RFC 4648 section 10, without padding.
    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Encode_OfTheStandardsVectors_GivesThem_AndDecodeGoesBack(string bytes, string text)
    {
        Assert.Equal(text, Base32.Encode(Encoding.ASCII.GetBytes(bytes)));
        Assert.Equal(bytes, Encoding.ASCII.GetString(Base32.Decode(text)));
    }

    [Theory]
    [InlineData("MZXW1")]
    [InlineData("mzxw")]
    public void Decode_WhenACharacterIsNotOfTheAlphabet_SaysSo(string text) => Assert.Throws<FormatException>(() => Base32.Decode(text));
}
