using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using SecureBank.ServiceDefaults;

namespace Banking.Api.Infrastructure;

/// <summary>
/// Opaque positions in keyset-paged lists. A cursor is the last row's key, encrypted; the list, its owner and its filters are the
/// associated data, so a cursor is worth nothing in another list, for another caller, or with other filters.
/// </summary>
public sealed class ListCursor(ColumnCipher cipher)
{
    private const int LengthMax = 128;

    /// <summary>Writes the position after the row with key <paramref name="lastId"/>.</summary>
    public string Write(string scope, long lastId)
    {
        Span<byte> key = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(key, lastId);
        return Base64Url.EncodeToString(cipher.Encrypt(key, Purpose(scope)));
    }

    /// <summary>Reads a position written for the same scope. No cursor is the position before the first row.</summary>
    public bool TryRead(string scope, string? cursor, out long? lastId)
    {
        lastId = null;
        if (cursor is null)
        {
            return true;
        }

        if (cursor.Length is 0 or > LengthMax || !Base64Url.IsValid(cursor))
        {
            return false;
        }

        try
        {
            var key = cipher.Decrypt(Base64Url.DecodeFromChars(cursor), Purpose(scope));
            lastId = key.Length == sizeof(long) ? BinaryPrimitives.ReadInt64BigEndian(key) : null;
            return lastId is not null;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static string Purpose(string scope) => $"list.cursor:{scope}";
}
