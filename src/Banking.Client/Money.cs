using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banking.Client;

/// <summary>A currency by ISO 4217: its alphabetic code and the exponent of its minor unit (GBP 2, JPY 0, KWD 3).</summary>
public readonly record struct Currency
{
    private static readonly FrozenDictionary<string, int> Exponents = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["AUD"] = 2,
        ["BGN"] = 2,
        ["BHD"] = 3,
        ["BRL"] = 2,
        ["CAD"] = 2,
        ["CHF"] = 2,
        ["CLP"] = 0,
        ["CNY"] = 2,
        ["CZK"] = 2,
        ["DKK"] = 2,
        ["EUR"] = 2,
        ["GBP"] = 2,
        ["HKD"] = 2,
        ["HUF"] = 2,
        ["ILS"] = 2,
        ["INR"] = 2,
        ["ISK"] = 0,
        ["JOD"] = 3,
        ["JPY"] = 0,
        ["KRW"] = 0,
        ["KWD"] = 3,
        ["MXN"] = 2,
        ["NOK"] = 2,
        ["NZD"] = 2,
        ["OMR"] = 3,
        ["PLN"] = 2,
        ["RON"] = 2,
        ["SEK"] = 2,
        ["SGD"] = 2,
        ["THB"] = 2,
        ["TND"] = 3,
        ["TRY"] = 2,
        ["USD"] = 2,
        ["ZAR"] = 2,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly string? _code;

    private Currency(string code) => _code = code;

    /// <summary>Pound sterling.</summary>
    public static Currency Gbp { get; } = new("GBP");

    /// <summary>The three-letter code, upper case. The default value has none and is no currency.</summary>
    public string Code => _code ?? throw new InvalidOperationException("An uninitialised currency has no code.");

    /// <summary>Decimal places of the minor unit.</summary>
    public int Exponent => Exponents[Code];

    /// <summary>Finds a currency by its exact code (upper case). Codes outside the table are refused rather than guessed.</summary>
    public static bool TryParse([NotNullWhen(true)] string? code, out Currency currency)
    {
        if (code is not null && Exponents.ContainsKey(code))
        {
            currency = new Currency(code);
            return true;
        }

        currency = default;
        return false;
    }

    /// <summary>The currency of a code known to be valid, such as one read from the database.</summary>
    /// <exception cref="ArgumentException">The code is not in the table.</exception>
    public static Currency Of(string code) =>
        TryParse(code, out var currency) ? currency : throw new ArgumentException($"'{code}' is not a known ISO 4217 code.", nameof(code));

    /// <inheritdoc/>
    public override string ToString() => _code ?? "(none)";
}

/// <summary>Why a text is not an amount of money.</summary>
public enum MoneyFault
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>The currency is not a known ISO 4217 code.</summary>
    UnknownCurrency,

    /// <summary>The text is not a plain decimal number.</summary>
    Malformed,

    /// <summary>The text has more decimal places than the currency's minor unit.</summary>
    TooPrecise,

    /// <summary>The amount does not fit in 64 bits of minor units.</summary>
    OutOfRange,
}

/// <summary>
/// An amount of money: a whole number of minor units (pence) and its currency. Never a floating-point number.
/// Adding two currencies is a programming error; overflow throws, it never wraps.
/// </summary>
/// <remarks>On the wire it is <c>{"amount":"60.00","currency":"GBP"}</c>: a decimal string with exactly the currency's decimal places.</remarks>
[JsonConverter(typeof(MoneyJsonConverter))]
public readonly record struct Money(long MinorUnits, Currency Currency) : IComparable<Money>
{
    /// <summary>The amount as a decimal string with exactly the currency's decimal places, for example <c>-60.00</c>.</summary>
    public string Amount
    {
        get
        {
            var exponent = Currency.Exponent;
            if (exponent == 0)
            {
                return MinorUnits.ToString(CultureInfo.InvariantCulture);
            }

            var negative = MinorUnits < 0;
            // The unsigned form also holds the magnitude of long.MinValue.
            var magnitude = negative ? unchecked((ulong)(-(MinorUnits + 1))) + 1 : (ulong)MinorUnits;
            var digits = magnitude.ToString(CultureInfo.InvariantCulture).PadLeft(exponent + 1, '0');
            return string.Concat(negative ? "-" : "", digits.AsSpan(0, digits.Length - exponent), ".", digits.AsSpan(digits.Length - exponent));
        }
    }

    /// <summary>
    /// Reads a plain decimal number: optional sign, digits, optionally a point and digits. No exponent, grouping or spaces,
    /// and at most the currency's decimal places (trailing zeros beyond them are also refused: 1.000 GBP is over-precise).
    /// </summary>
    public static MoneyFault TryParse(string? amount, string? currencyCode, out Money money)
    {
        money = default;
        if (!Currency.TryParse(currencyCode, out var currency))
        {
            return MoneyFault.UnknownCurrency;
        }

        if (string.IsNullOrEmpty(amount) || amount.Length > 32)
        {
            return MoneyFault.Malformed;
        }

        var digits = amount.AsSpan();
        var negative = digits[0] == '-';
        if (negative)
        {
            digits = digits[1..];
        }

        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? [] : digits[(point + 1)..];
        if (whole.IsEmpty || (point >= 0 && fraction.IsEmpty) || whole.ContainsAnyExceptInRange('0', '9') || fraction.ContainsAnyExceptInRange('0', '9'))
        {
            return MoneyFault.Malformed;
        }

        if (fraction.Length > currency.Exponent)
        {
            return MoneyFault.TooPrecise;
        }

        var units = Int128.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture);
        for (var i = 0; i < currency.Exponent; i++)
        {
            units = (units * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        }

        units = negative ? -units : units;
        if (units > long.MaxValue || units < long.MinValue)
        {
            return MoneyFault.OutOfRange;
        }

        money = new Money((long)units, currency);
        return MoneyFault.None;
    }

    /// <summary>Zero of a currency.</summary>
    public static Money Zero(Currency currency) => new(0, currency);

    /// <summary>Sum of two amounts of one currency.</summary>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    public static Money operator +(Money left, Money right) => new(checked(left.MinorUnits + Same(left, right).MinorUnits), left.Currency);

    /// <summary>Difference of two amounts of one currency.</summary>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    /// <exception cref="OverflowException">The difference does not fit.</exception>
    public static Money operator -(Money left, Money right) => new(checked(left.MinorUnits - Same(left, right).MinorUnits), left.Currency);

    /// <summary>The amount with the other sign.</summary>
    public static Money operator -(Money value) => new(checked(-value.MinorUnits), value.Currency);

    /// <summary>Whether the left amount is smaller.</summary>
    public static bool operator <(Money left, Money right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left amount is larger.</summary>
    public static bool operator >(Money left, Money right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left amount is smaller or the same.</summary>
    public static bool operator <=(Money left, Money right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left amount is larger or the same.</summary>
    public static bool operator >=(Money left, Money right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(Money other) => MinorUnits.CompareTo(Same(this, other).MinorUnits);

    /// <summary>The amount and its code, for example <c>60.00 GBP</c>.</summary>
    public override string ToString() => $"{Amount} {Currency.Code}";

    private static Money Same(Money left, Money right) =>
        left.Currency == right.Currency ? right : throw new InvalidOperationException($"Amounts in {left.Currency} and {right.Currency} cannot be combined.");
}

/// <summary>Reads and writes <see cref="Money"/> as <c>{"amount":"60.00","currency":"GBP"}</c>.</summary>
public sealed class MoneyJsonConverter : JsonConverter<Money>
{
    /// <inheritdoc/>
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("An amount of money is an object with 'amount' and 'currency'.");
        }

        string? amount = null;
        string? currency = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString();
            reader.Read();
            if (reader.TokenType is not JsonTokenType.String)
            {
                throw new JsonException($"'{name}' of an amount of money is a string.");
            }

            switch (name)
            {
                case "amount": amount = reader.GetString(); break;
                case "currency": currency = reader.GetString(); break;
                default: throw new JsonException($"An amount of money has no '{name}'.");
            }
        }

        return Money.TryParse(amount, currency, out var money) is var fault && fault == MoneyFault.None
            ? money
            : throw new MoneyFormatException(fault);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("amount", value.Amount);
        writer.WriteString("currency", value.Currency.Code);
        writer.WriteEndObject();
    }
}

/// <summary>A JSON amount that is no <see cref="Money"/>; <see cref="Fault"/> says why.</summary>
public sealed class MoneyFormatException(MoneyFault fault) : JsonException($"Not an amount of money: {fault}.")
{
    /// <summary>What is wrong with it.</summary>
    public MoneyFault Fault { get; } = fault;
}
