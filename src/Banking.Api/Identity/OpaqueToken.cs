using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Banking.Api.Identity;

/// <summary>
/// A secret handed out once: a prefix that says what it is (so that leak scanners find it) and 256 random bits.
/// The database keeps only its SHA-256; with that much entropy no salt or slow hash is needed.
/// </summary>
internal static class OpaqueToken
{
    public const string Session = "sbs_";
    public const string Delegated = "sbd_";
    public const string Grant = "sbg_";
    public const string Ticket = "sbt_";

    private const int BodyLength = 43;

    public static (string Token, byte[] Hash) Create(string prefix)
    {
        var token = prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (token, Hash(token));
    }

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));

    /// <summary>Whether a text has the form of a token of this kind; anything else need not be looked up.</summary>
    public static bool HasForm(string? text, string prefix) =>
        text is not null && text.Length == prefix.Length + BodyLength && text.StartsWith(prefix, StringComparison.Ordinal)
        && text.AsSpan(prefix.Length).IndexOfAnyExcept(Base64UrlAlphabet) < 0;

    private static readonly System.Buffers.SearchValues<char> Base64UrlAlphabet =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
