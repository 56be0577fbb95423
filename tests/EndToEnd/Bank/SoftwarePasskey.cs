using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EndToEnd.Bank;

/// <summary>
/// An authenticator with one key (ES256), as a browser would report it (WebAuthn level 3): user present and verified,
/// attestation <c>none</c>. It signs whatever challenge it is given; whether that is right is for the bank to say.
/// </summary>
/// <param name="origin">The origin of the page that it says it was used on.</param>
internal sealed class SoftwarePasskey(Uri origin) : IDisposable
{
    private const byte UserPresent = 0x01;
    private const byte UserVerified = 0x04;
    private const byte AttestedCredential = 0x40;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(32);
    private string _relyingParty = "";
    private string _userHandle = "";

    /// <summary>Answers <c>navigator.credentials.create()</c>: the JSON of <c>credential.toJSON()</c>.</summary>
    public string Create(string optionsJson)
    {
        using var options = JsonDocument.Parse(optionsJson);
        _relyingParty = options.RootElement.GetProperty("rp").GetProperty("id").GetString()!;
        _userHandle = options.RootElement.GetProperty("user").GetProperty("id").GetString()!;
        var authenticatorData = AuthenticatorData(UserPresent | UserVerified | AttestedCredential, CredentialData());

        var attestation = new CborWriter(CborConformanceMode.Ctap2Canonical);
        attestation.WriteStartMap(3);
        attestation.WriteTextString("fmt");
        attestation.WriteTextString("none");
        attestation.WriteTextString("attStmt");
        attestation.WriteStartMap(0);
        attestation.WriteEndMap();
        attestation.WriteTextString("authData");
        attestation.WriteByteString(authenticatorData);
        attestation.WriteEndMap();
        return Credential(new Dictionary<string, object>
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(ClientData("webauthn.create", options.RootElement)),
            ["attestationObject"] = Base64Url.EncodeToString(attestation.Encode()),
            ["transports"] = new[] { "internal" },
        });
    }

    /// <summary>Answers <c>navigator.credentials.get()</c>: the JSON of <c>credential.toJSON()</c>.</summary>
    public string Get(string optionsJson)
    {
        using var options = JsonDocument.Parse(optionsJson);
        var clientData = ClientData("webauthn.get", options.RootElement);
        // As with synchronised passkeys the count stays zero: with many requests at once no order of counts could be kept.
        var authenticatorData = AuthenticatorData(UserPresent | UserVerified, []);
        var signature = _key.SignData([.. authenticatorData, .. SHA256.HashData(clientData)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Credential(new Dictionary<string, object>
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(clientData),
            ["authenticatorData"] = Base64Url.EncodeToString(authenticatorData),
            ["signature"] = Base64Url.EncodeToString(signature),
            ["userHandle"] = _userHandle,
        });
    }

    public void Dispose() => _key.Dispose();

    private string Credential(Dictionary<string, object> response) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["id"] = Base64Url.EncodeToString(_id),
        ["rawId"] = Base64Url.EncodeToString(_id),
        ["type"] = "public-key",
        ["authenticatorAttachment"] = "platform",
        ["clientExtensionResults"] = new Dictionary<string, object>(),
        ["response"] = response,
    });

    private byte[] ClientData(string type, JsonElement options) => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["type"] = type,
        ["challenge"] = options.GetProperty("challenge").GetString()!,
        ["origin"] = origin.GetLeftPart(UriPartial.Authority),
        ["crossOrigin"] = false,
    }));

    private byte[] AuthenticatorData(int flags, byte[] credentialData) =>
        [.. SHA256.HashData(Encoding.UTF8.GetBytes(_relyingParty)), (byte)flags, .. new byte[sizeof(uint)], .. credentialData];

    // AAGUID (none), length of the id, the id, and the public key in COSE form (RFC 9053).
    private byte[] CredentialData()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        var key = new CborWriter(CborConformanceMode.Ctap2Canonical);
        key.WriteStartMap(5);
        key.WriteInt32(1); // kty
        key.WriteInt32(2); // EC2
        key.WriteInt32(3); // alg
        key.WriteInt32(-7); // ES256
        key.WriteInt32(-1); // crv
        key.WriteInt32(1); // P-256
        key.WriteInt32(-2); // x
        key.WriteByteString(point.X!);
        key.WriteInt32(-3); // y
        key.WriteByteString(point.Y!);
        key.WriteEndMap();

        Span<byte> length = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)_id.Length);
        return [.. new byte[16], .. length, .. _id, .. key.Encode()];
    }
}
