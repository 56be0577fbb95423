namespace Banking.Client;

/// <summary>International bank account numbers (ISO 13616): form and ISO 7064 mod 97-10 check digits.</summary>
public static class Iban
{
    /// <summary>Normalises (removes spaces, upper case) and checks <paramref name="text"/>; false when it is no valid IBAN.</summary>
    public static bool TryNormalize(string? text, out string iban)
    {
        iban = "";
        if (text is null || text.Length > 64)
        {
            return false;
        }

        var compact = text.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
        if (compact.Length is < 15 or > 34 || !char.IsAsciiLetterUpper(compact[0]) || !char.IsAsciiLetterUpper(compact[1])
            || !char.IsAsciiDigit(compact[2]) || !char.IsAsciiDigit(compact[3])
            || !compact.All(char.IsAsciiLetterOrDigit) || (compact.StartsWith("GB", StringComparison.Ordinal) && compact.Length != 22)
            || Mod97(compact) != 1)
        {
            return false;
        }

        iban = compact;
        return true;
    }

    /// <summary>Makes an IBAN from a country code and a basic bank account number by computing its check digits.</summary>
    public static string Create(string countryCode, string bban)
    {
        var check = 98 - Mod97($"{countryCode}00{bban}");
        return $"{countryCode}{check:D2}{bban}";
    }

    /// <summary>Groups of four, as printed on paper.</summary>
    public static string Print(string iban)
    {
        ArgumentNullException.ThrowIfNull(iban);
        return string.Join(' ', iban.Chunk(4).Select(group => new string(group)));
    }

    private static int Mod97(string iban)
    {
        var remainder = 0;
        foreach (var c in string.Concat(iban.AsSpan(4), iban.AsSpan(0, 4)))
        {
            var value = char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10;
            remainder = ((remainder * (value > 9 ? 100 : 10)) + value) % 97;
        }

        return remainder;
    }
}
