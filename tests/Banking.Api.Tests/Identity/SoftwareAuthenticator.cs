using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Api.Tests.Hosting;

namespace Banking.Api.Tests.Identity;

/// <summary>
/// A WebAuthn authenticator and the browser's part around it (WebAuthn level 3, sections 5.8.1, 6.1 and 6.5): one ES256 credential, attestation "none".
/// Its properties let a test do what a real one would not.
/// </summary>
public sealed class SoftwareAuthenticator : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _credentialId = RandomNumberGenerator.GetBytes(32);
    private string _userHandle = "";

    /// <summary>The page's origin as the browser reports it.</summary>
    public string Origin { get; set; } = ApiHost.Origin;

    /// <summary>The relying party id the authenticator hashes.</summary>
    public string RelyingPartyId { get; set; } = "localhost";

    /// <summary>Whether it claims to have verified the user.</summary>
    public bool UserVerified { get; set; } = true;

    /// <summary>Signatures so far.</summary>
    public uint SignCount { get; set; }

    /// <summary>The credential's id, base64url.</summary>
    public string CredentialId => Base64Url.EncodeToString(_credentialId);

    /// <summary>Answers <c>navigator.credentials.create()</c> as <c>credential.toJSON()</c>.</summary>
    public string Create(string optionsJson)
    {
        var options = JsonNode.Parse(optionsJson)!;
        _userHandle = options["user"]!["id"]!.GetValue<string>();
        var publicKey = _key.ExportParameters(includePrivateParameters: false);
        // COSE_Key (RFC 9053): kty EC2, alg ES256, crv P-256, x, y.
        byte[] cose = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20, .. publicKey.Q.X!, 0x22, 0x58, 0x20, .. publicKey.Q.Y!];
        byte[] authenticatorData = [.. AuthenticatorData(0x40), .. new byte[16], 0, 32, .. _credentialId, .. cose];
        byte[] attestation =
        [
            0xa3, .. CborText("fmt"), .. CborText("none"), .. CborText("attStmt"), 0xa0, .. CborText("authData"),
            0x59, (byte)(authenticatorData.Length >> 8), (byte)(authenticatorData.Length & 0xff), .. authenticatorData,
        ];
        return Credential(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(ClientData("webauthn.create", options)),
            ["attestationObject"] = Base64Url.EncodeToString(attestation),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>Answers <c>navigator.credentials.get()</c> as <c>credential.toJSON()</c>.</summary>
    public string Get(string optionsJson)
    {
        SignCount++;
        var authenticatorData = AuthenticatorData(0);
        var clientData = ClientData("webauthn.get", JsonNode.Parse(optionsJson)!);
        var signature = _key.SignData([.. authenticatorData, .. SHA256.HashData(clientData)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Credential(new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(clientData),
            ["authenticatorData"] = Base64Url.EncodeToString(authenticatorData),
            ["signature"] = Base64Url.EncodeToString(signature),
            ["userHandle"] = _userHandle,
        });
    }

    public void Dispose() => _key.Dispose();

    private static byte[] CborText(string text) => [(byte)(0x60 + text.Length), .. Encoding.ASCII.GetBytes(text)];

    private byte[] AuthenticatorData(byte moreFlags)
    {
        var data = new byte[37];
        SHA256.HashData(Encoding.UTF8.GetBytes(RelyingPartyId), data);
        data[32] = (byte)(0x01 | (UserVerified ? 0x04 : 0) | moreFlags);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(33), SignCount);
        return data;
    }

    private byte[] ClientData(string type, JsonNode options) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["type"] = type,
        ["challenge"] = options["challenge"]!.GetValue<string>(),
        ["origin"] = Origin,
        ["crossOrigin"] = false,
    }.ToJsonString());

    private string Credential(JsonObject response) => new JsonObject
    {
        ["id"] = CredentialId,
        ["rawId"] = CredentialId,
        ["type"] = "public-key",
        ["authenticatorAttachment"] = "platform",
        ["response"] = response,
        ["clientExtensionResults"] = new JsonObject(),
    }.ToJsonString(JsonSerializerOptions.Web);
}
