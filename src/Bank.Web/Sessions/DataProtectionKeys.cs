using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;
using SecureBank.ServiceDefaults;

namespace Bank.Web.Sessions;

/// <summary>Data Protection keys in <c>web.data_protection_key</c>, encrypted at rest: what protects the cookies survives restarts and is the same in every copy.</summary>
internal sealed class DataProtectionKeys(NpgsqlDataSource database, ColumnCipher cipher, TimeProvider clock) : IXmlRepository
{
    private const string Purpose = "web.data_protection_key.key_cipher";

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var command = database.CreateCommand("select key_cipher from web.data_protection_key");
        using var rows = command.ExecuteReader();
        var keys = new List<XElement>();
        while (rows.Read())
        {
            keys.Add(XElement.Parse(cipher.DecryptText(rows.GetFieldValue<byte[]>(0), Purpose)));
        }

        return keys;
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        using var command = database.CreateCommand("insert into web.data_protection_key (name, key_cipher, created_at) values ($1, $2, $3)");
        command.Parameters.Add(new() { Value = friendlyName });
        command.Parameters.Add(new() { Value = cipher.Encrypt(Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting)), Purpose) });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        command.ExecuteNonQuery();
    }
}
