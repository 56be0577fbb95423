using System.Globalization;
using System.Text.Json;
using Banking.Client;
using FsCheck;
using FsCheck.Fluent;

namespace Banking.Client.Tests;

public sealed class MoneyTests
{
    private static readonly string[] Codes = ["GBP", "EUR", "JPY", "KWD", "ISK", "USD"];

    private static Arbitrary<Money> AnyMoney { get; } =
        (from units in ArbMap.Default.GeneratorFor<long>().Resize(int.MaxValue)
         from extreme in Gen.Elements(units, units, units, long.MaxValue, long.MinValue, 0, -1, 1)
         from code in Gen.Elements(Codes)
         select new Money(extreme, Currency.Of(code))).ToArbitrary();

    [Fact]
    public void TryParse_OfWhatAmountPrints_GivesTheSameMoney() =>
        Prop.ForAll(AnyMoney, money =>
            Money.TryParse(money.Amount, money.Currency.Code, out var parsed) == MoneyFault.None && parsed == money).QuickCheckThrowOnFailure();

    [Fact]
    public void Json_RoundTrip_GivesTheSameMoney() =>
        Prop.ForAll(AnyMoney, money => JsonSerializer.Deserialize<Money>(JsonSerializer.Serialize(money)) == money).QuickCheckThrowOnFailure();

    [Fact]
    public void Addition_EitherIsExactOrThrows_NeverWraps() =>
        Prop.ForAll(AnyMoney, AnyMoney, (left, right) =>
        {
            right = right with { Currency = left.Currency };
            var exact = (Int128)left.MinorUnits + right.MinorUnits;
            try
            {
                return (left + right).MinorUnits == exact;
            }
            catch (OverflowException)
            {
                return exact > long.MaxValue || exact < long.MinValue;
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Amount_AgreesWithDecimalArithmetic() =>
        Prop.ForAll(AnyMoney, money =>
        {
            var scale = (decimal)Math.Pow(10, money.Currency.Exponent);
            return decimal.Parse(money.Amount, CultureInfo.InvariantCulture) == money.MinorUnits / scale;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("60", "GBP", 6000)]
    [InlineData("60.5", "GBP", 6050)]
    [InlineData("0.01", "GBP", 1)]
    [InlineData("-12.30", "GBP", -1230)]
    [InlineData("1000", "JPY", 1000)]
    [InlineData("1.234", "KWD", 1234)]
    [InlineData("92233720368547758.07", "GBP", long.MaxValue)]
    [InlineData("-92233720368547758.08", "GBP", long.MinValue)]
    public void TryParse_PlainDecimals_AreExact(string amount, string currency, long minorUnits)
    {
        Assert.Equal(MoneyFault.None, Money.TryParse(amount, currency, out var money));
        Assert.Equal(minorUnits, money.MinorUnits);
    }

    [Theory]
    [InlineData("1.001", "GBP", MoneyFault.TooPrecise)]
    [InlineData("1.000", "GBP", MoneyFault.TooPrecise)]
    [InlineData("1.5", "JPY", MoneyFault.TooPrecise)]
    [InlineData("1", "gbp", MoneyFault.UnknownCurrency)]
    [InlineData("1", "XXX", MoneyFault.UnknownCurrency)]
    [InlineData("1", null, MoneyFault.UnknownCurrency)]
    [InlineData("", "GBP", MoneyFault.Malformed)]
    [InlineData("-", "GBP", MoneyFault.Malformed)]
    [InlineData(".5", "GBP", MoneyFault.Malformed)]
    [InlineData("5.", "GBP", MoneyFault.Malformed)]
    [InlineData("1e3", "GBP", MoneyFault.Malformed)]
    [InlineData("1,000", "GBP", MoneyFault.Malformed)]
    [InlineData(" 1", "GBP", MoneyFault.Malformed)]
    [InlineData("+1", "GBP", MoneyFault.Malformed)]
    [InlineData("--1", "GBP", MoneyFault.Malformed)]
    [InlineData("٣", "GBP", MoneyFault.Malformed)]
    [InlineData("92233720368547758.08", "GBP", MoneyFault.OutOfRange)]
    [InlineData("99999999999999999999999999999999", "GBP", MoneyFault.OutOfRange)]
    public void TryParse_AnythingElse_NamesTheFault(string amount, string? currency, MoneyFault fault) =>
        Assert.Equal(fault, Money.TryParse(amount, currency, out _));

    [Fact]
    public void Addition_OfTwoCurrencies_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => new Money(1, Currency.Of("GBP")) + new Money(1, Currency.Of("EUR")));

    [Theory]
    [InlineData("""{"amount":60.00,"currency":"GBP"}""")]
    [InlineData("""{"amount":"60.00","currency":"GBP","exponent":"2"}""")]
    [InlineData("""{"amount":"60.00"}""")]
    [InlineData("\"60.00 GBP\"")]
    public void Json_OfAnotherForm_IsRefused(string json) =>
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize<Money>(json));
}
