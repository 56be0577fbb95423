using System.Diagnostics.CodeAnalysis;

namespace Banking.Client;

/// <summary>
/// The id of a resource as the outside world sees it: a prefix that names the kind, then a UUIDv7 (RFC 9562 section 5.7)
/// as 32 lower-case hexadecimal digits, for example <c>pay_0199c0ffee7a7c3e8d1f2a3b4c5d6e7f</c>.
/// Internal bigint keys never leave the database.
/// </summary>
/// <remarks>A public id is a name, not a secret: every query that uses one also names the owner.</remarks>
public static class PublicId
{
    /// <summary>Prefix of a user.</summary>
    public const string User = "usr";

    /// <summary>Prefix of a party (person or organisation).</summary>
    public const string Party = "pty";

    /// <summary>Prefix of an account.</summary>
    public const string Account = "acc";

    /// <summary>Prefix of a payee.</summary>
    public const string Payee = "pye";

    /// <summary>Prefix of a payment.</summary>
    public const string Payment = "pay";

    /// <summary>Prefix of an authorization (step-up).</summary>
    public const string Authorization = "aut";

    /// <summary>Prefix of a session.</summary>
    public const string Session = "ses";

    /// <summary>Prefix of a transaction: one posting as its account holder sees it.</summary>
    public const string Transaction = "txn";

    /// <summary>Prefix of a journal entry.</summary>
    public const string JournalEntry = "jen";

    /// <summary>Prefix of an event.</summary>
    public const string Event = "evt";

    /// <summary>Makes the value of a new id, ordered by the given clock.</summary>
    public static Guid NewValue(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return Guid.CreateVersion7(clock.GetUtcNow());
    }

    /// <summary>Writes <paramref name="value"/> with the prefix of its kind.</summary>
    public static string Format(string prefix, Guid value) => $"{prefix}_{value:N}";

    /// <summary>Reads an id of the given kind. Another prefix, upper-case digits or any other form is not an id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, string prefix, out Guid value)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        value = Guid.Empty;
        if (text is null || text.Length != prefix.Length + 33 || text[prefix.Length] != '_' || !text.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var digits = text.AsSpan(prefix.Length + 1);
        foreach (var digit in digits)
        {
            if (digit is not ((>= '0' and <= '9') or (>= 'a' and <= 'f')))
            {
                return false;
            }
        }

        return Guid.TryParseExact(digits, "N", out value);
    }
}
