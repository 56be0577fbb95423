using System.Security.Cryptography;
using System.Text;

namespace SecureBank.ServiceDefaults;

/// <summary>
/// Encrypts single column values with AES-256-GCM under a key derived from the process's master key (HKDF, RFC 5869).
/// The purpose ("identity.party.name") is bound as associated data, so a value moved to another column does not decrypt.
/// Layout: version (1), key id (1), nonce (12), tag (16), ciphertext.
/// </summary>
public sealed class ColumnCipher : IDisposable
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int HeaderSize = 2 + NonceSize + TagSize;

    // Keys, not AesGcm instances: those are not safe for use by several threads at once.
    private readonly Dictionary<byte, byte[]> _keys = [];
    private readonly byte _current;

    /// <summary>Uses <paramref name="masterKey"/> (32 bytes) for writing; <paramref name="previousKeys"/> still decrypt, by key id, while data is rewritten.</summary>
    /// <exception cref="ArgumentException">A key is not 32 bytes.</exception>
    public ColumnCipher(byte[] masterKey, byte keyId = 1, IReadOnlyDictionary<byte, byte[]>? previousKeys = null)
    {
        ArgumentNullException.ThrowIfNull(masterKey);
        _current = keyId;
        _keys[keyId] = Derive(masterKey);
        foreach (var (id, key) in previousKeys ?? new Dictionary<byte, byte[]>())
        {
            _keys.TryAdd(id, Derive(key));
        }
    }

    /// <summary>Encrypts text for one purpose.</summary>
    public byte[] Encrypt(string text, string purpose) => Encrypt(Encoding.UTF8.GetBytes(text), purpose);

    /// <summary>Encrypts bytes for one purpose.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> plain, string purpose)
    {
        var result = new byte[HeaderSize + plain.Length];
        result[0] = Version;
        result[1] = _current;
        var nonce = result.AsSpan(2, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_keys[_current], TagSize);
        aes.Encrypt(nonce, plain, result.AsSpan(HeaderSize), result.AsSpan(2 + NonceSize, TagSize), Encoding.UTF8.GetBytes(purpose));
        return result;
    }

    /// <summary>Decrypts what <see cref="Encrypt(string, string)"/> made for the same purpose.</summary>
    /// <exception cref="CryptographicException">The value was altered, belongs to another column, or its key is not known.</exception>
    public string DecryptText(byte[] cipher, string purpose) => Encoding.UTF8.GetString(Decrypt(cipher, purpose));

    /// <summary>Decrypts bytes.</summary>
    /// <exception cref="CryptographicException">The value was altered, belongs to another column, or its key is not known.</exception>
    public byte[] Decrypt(byte[] cipher, string purpose)
    {
        ArgumentNullException.ThrowIfNull(cipher);
        if (cipher.Length < HeaderSize || cipher[0] != Version || !_keys.TryGetValue(cipher[1], out var key))
        {
            throw new CryptographicException("The value is not encrypted with a known key.");
        }

        var plain = new byte[cipher.Length - HeaderSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(cipher.AsSpan(2, NonceSize), cipher.AsSpan(HeaderSize), cipher.AsSpan(2 + NonceSize, TagSize), plain, Encoding.UTF8.GetBytes(purpose));
        return plain;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in _keys.Values)
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] Derive(byte[] masterKey)
    {
        if (masterKey.Length != 32)
        {
            throw new ArgumentException("The master key has 32 bytes.", nameof(masterKey));
        }

        return HKDF.DeriveKey(HashAlgorithmName.SHA256, masterKey, 32, info: "securebank column encryption v1"u8.ToArray());
    }
}
