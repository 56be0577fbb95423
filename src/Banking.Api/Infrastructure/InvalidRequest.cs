using Banking.Client;

namespace Banking.Api.Infrastructure;

/// <summary>The answer to a request that is not of the declared form: <c>errors</c> names each field.</summary>
public static class InvalidRequest
{
    /// <summary>One field is wrong.</summary>
    public static Problem Of(string field, string message) => Of(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });

    /// <summary>These fields are wrong.</summary>
    public static Problem Of(IReadOnlyDictionary<string, string[]> errors) =>
        Problem.Invalid(ErrorCodes.ValidationFailed, "The request is not of the declared form.") with
        {
            Detail = errors.Count == 1 ? errors.Values.First().FirstOrDefault() : null,
            Extensions = new Dictionary<string, object?>(StringComparer.Ordinal) { ["errors"] = errors },
        };
}

/// <summary>The answer to a text that is no amount of money.</summary>
public static class MoneyProblem
{
    /// <summary>The stable code and the words for a fault.</summary>
    public static Problem Of(MoneyFault fault) => fault switch
    {
        MoneyFault.UnknownCurrency => Problem.Invalid(ErrorCodes.CurrencyMismatch, "The currency is not one the bank knows."),
        MoneyFault.TooPrecise => Problem.Invalid(ErrorCodes.AmountTooPrecise, "The amount has more decimal places than its currency."),
        MoneyFault.OutOfRange => Problem.Invalid(ErrorCodes.AmountTooLarge, "The amount is beyond what the bank accepts."),
        _ => Problem.Invalid(ErrorCodes.AmountMalformed, "The amount is not a plain decimal number, such as 60.00."),
    };
}
