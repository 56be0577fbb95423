using System.Text;

namespace Banking.Api.Identity;

/// <summary>Why a new password is refused.</summary>
public enum PasswordFault
{
    /// <summary>It is accepted.</summary>
    None,

    /// <summary>Fewer than 8 characters.</summary>
    TooShort,

    /// <summary>More than 256 characters.</summary>
    TooLong,

    /// <summary>Among the passwords that are tried first, also with digits around it.</summary>
    Common,

    /// <summary>Built on the bank's or the user's name.</summary>
    Guessable,
}

/// <summary>
/// What a new password must be (NIST SP 800-63B-4 section 3.1.1.2, OWASP ASVS 5.0 6.2): at least 8 characters, since a second factor is
/// always asked for; any characters at all; no composition rules; not a common one, and not the bank's or user's name with decoration.
/// </summary>
public static class PasswordPolicy
{
    /// <summary>Shortest, in Unicode code points.</summary>
    public const int LengthMin = 8;

    /// <summary>Longest, in Unicode code points; a bound on hashing, far above anybody's passphrase.</summary>
    public const int LengthMax = 256;

    private static readonly string[] ContextWords = ["securebank", "secure bank", "bank", "banking"];

    private static readonly Lazy<HashSet<string>> CommonWords = new(ReadCommon);

    /// <summary>Judges a password for a user.</summary>
    public static PasswordFault Check(string password, string userName)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentNullException.ThrowIfNull(userName);
        var length = password.EnumerateRunes().Count();
        if (length < LengthMin)
        {
            return PasswordFault.TooShort;
        }

        if (length > LengthMax)
        {
            return PasswordFault.TooLong;
        }

        var plain = Unleet(password);
        var core = plain.Trim("0123456789!?.,;:-_*#+$&@ ".ToCharArray());
        if (CommonWords.Value.Contains(password.ToLowerInvariant()) || CommonWords.Value.Contains(plain) || CommonWords.Value.Contains(core) || IsRun(password))
        {
            return PasswordFault.Common;
        }

        var name = Unleet(userName.Split('@')[0]);
        return ContextWords.Append(name).Any(word => word.Length > 2 && core == word) || plain.StartsWith("securebank", StringComparison.Ordinal)
            ? PasswordFault.Guessable
            : PasswordFault.None;
    }

    // A single character over and over, or neighbours in code order: aaaaaaaa, 12345678, abcdefgh, 87654321.
    private static bool IsRun(string password)
    {
        var step = password[1] - password[0];
        return Math.Abs(step) <= 1 && Enumerable.Range(1, password.Length - 1).All(i => password[i] - password[i - 1] == step);
    }

    // The substitutions people believe to be clever.
    private static string Unleet(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var c in text.ToLowerInvariant())
        {
            result.Append(c switch { '@' => 'a', '$' => 's', _ => c });
        }

        // Digits stand for letters only inside a word; at its ends they are decoration.
        for (var i = 1; i < result.Length - 1; i++)
        {
            if (char.IsAsciiLetter(result[i - 1]))
            {
                result[i] = result[i] switch { '0' => 'o', '1' => 'i', '3' => 'e', '4' => 'a', '5' => 's', '7' => 't', var other => other };
            }
        }

        return result.ToString();
    }

    private static HashSet<string> ReadCommon()
    {
        using var stream = typeof(PasswordPolicy).Assembly.GetManifestResourceStream("Identity/CommonPasswords.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
    }
}
