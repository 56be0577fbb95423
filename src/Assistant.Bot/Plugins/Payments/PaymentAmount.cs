using System.Text.Json;
using Banking.Client;

namespace Assistant.Bot.Plugins.Payments;

/// <summary>Reading of an amount in a tool's arguments, with the bank's own error codes.</summary>
internal static class PaymentAmount
{
    /// <summary>Null when <paramref name="money"/> was read, otherwise the tool's error.</summary>
    public static JsonElement? Read(string amount, string currency, out Money money) => Money.TryParse(amount, currency, out money) switch
    {
        MoneyFault.None when money.MinorUnits <= 0 => BankSession.Error(ErrorCodes.AmountNotPositive, "The amount must be more than zero."),
        MoneyFault.None => null,
        MoneyFault.UnknownCurrency => BankSession.Error(ErrorCodes.CurrencyMismatch, "The bank does not know that currency."),
        MoneyFault.TooPrecise => BankSession.Error(ErrorCodes.AmountTooPrecise, "The amount has more decimal places than its currency."),
        MoneyFault.OutOfRange => BankSession.Error(ErrorCodes.AmountTooLarge, "The amount is larger than the bank accepts."),
        _ => BankSession.Error(ErrorCodes.AmountMalformed, "The amount is not a plain decimal number."),
    };
}
