using System.Globalization;
using System.Text.Json;
using Banking.Client;
using EndToEnd.Bank;

namespace EndToEnd.Crash;

/// <summary>The commits of a payment, in order. A crash finds it between two of them.</summary>
internal enum PaymentStep
{
    Drafted,
    Submitted,
    Approved,
    Executed,
}

/// <summary>One payment on its way, with everything its payer keeps: the keys, and what the bank acknowledged.</summary>
internal sealed class PaymentAttempt(string name, CreatePayment request)
{
    public CreatePayment Request { get; } = request;

    public string DraftKey { get; } = name + "-draft";

    public string SubmitKey { get; } = name + "-submit";

    public string ExecuteKey { get; } = name + "-execute";

    public Payment? Drafted { get; set; }

    public Payment? Submitted { get; set; }

    public bool Approved { get; set; }

    public Payment? Executed { get; set; }
}

/// <summary>A customer who pays and pays, and remembers every key. Whatever a crash leaves open is taken up with the same keys.</summary>
internal sealed class PaymentLoad(SignedInCustomer customer, IReadOnlyList<CreatePayment> requests, string name, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<PaymentAttempt> _attempts = [];
    private int _acknowledged;

    public SignedInCustomer Customer => customer;

    /// <summary>Every payment begun, the last one perhaps not to its end.</summary>
    public IReadOnlyList<PaymentAttempt> Attempts => _attempts;

    /// <summary>How many payments the bank acknowledged to have executed.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Begins one payment for each step, and leaves it after that step: whenever the crash comes, it finds one between any two commits.</summary>
    public async Task ParkAsync()
    {
        foreach (var last in Enum.GetValues<PaymentStep>())
        {
            Assert.True(await AdvanceAsync(Begin(), last));
        }
    }

    /// <summary>Pays until the bank no longer answers.</summary>
    public async Task RunAsync()
    {
        while (await AdvanceAsync(Begin()))
        {
        }
    }

    /// <summary>Takes a payment as far as the bank answers; true when the last step was acknowledged.</summary>
    public async Task<bool> AdvanceAsync(PaymentAttempt attempt, PaymentStep last = PaymentStep.Executed)
    {
        attempt.Drafted ??= Answered(await customer.Api.DraftPaymentAsync(attempt.Request, customer.Call(attempt.DraftKey)));
        if (attempt.Drafted is null)
        {
            return false;
        }

        if (last == PaymentStep.Drafted)
        {
            return true;
        }

        attempt.Submitted ??= Answered(await customer.Api.SubmitPaymentAsync(attempt.Drafted.Id, customer.Call(attempt.SubmitKey)));
        if (attempt.Submitted is null)
        {
            return false;
        }

        if (last == PaymentStep.Submitted)
        {
            return true;
        }

        if (!attempt.Approved)
        {
            var approval = await customer.ApproveAsync(attempt.Submitted.AuthorizationId!);
            // Approved, and the answer was lost in the crash.
            attempt.Approved = approval.Problem?.Code == ErrorCodes.AuthorizationUsed || Answered(approval) is not null;
            if (!attempt.Approved)
            {
                return false;
            }
        }

        if (last == PaymentStep.Approved)
        {
            return true;
        }

        if (attempt.Executed is null)
        {
            attempt.Executed = Answered(await customer.Api.ExecutePaymentAsync(attempt.Drafted.Id, customer.Call(attempt.ExecuteKey)));
            if (attempt.Executed is null)
            {
                return false;
            }

            Assert.Contains(attempt.Executed.State, (string[])["executed", "held"]);
            Interlocked.Increment(ref _acknowledged);
        }

        return true;
    }

    /// <summary>Repeats acknowledged commands with their keys: each answer is the first one, to the letter, and says that it is a repetition.</summary>
    public async Task CheckRepetitionsAsync(PaymentAttempt attempt)
    {
        if (attempt.Drafted is not null)
        {
            CheckSame(attempt.Drafted, await customer.Api.DraftPaymentAsync(attempt.Request, customer.Call(attempt.DraftKey)));
        }

        if (attempt.Submitted is not null)
        {
            CheckSame(attempt.Submitted, await customer.Api.SubmitPaymentAsync(attempt.Submitted.Id, customer.Call(attempt.SubmitKey)));
        }

        if (attempt.Executed is not null)
        {
            CheckSame(attempt.Executed, await customer.Api.ExecutePaymentAsync(attempt.Executed.Id, customer.Call(attempt.ExecuteKey)));
        }
    }

    private PaymentAttempt Begin()
    {
        var attempt = new PaymentAttempt(
            string.Create(CultureInfo.InvariantCulture, $"{name}-{_attempts.Count}"),
            requests[_random.Next(requests.Count)] with { InstructedAmount = new Money(_random.Next(1, 100), Currency.Gbp), RemittanceInformation = name });
        _attempts.Add(attempt);
        return attempt;
    }

    private static void CheckSame(Payment first, ApiResult<Payment> repeated)
    {
        Assert.Equal(JsonSerializer.Serialize(first, BankingApiClient.Json), JsonSerializer.Serialize(SignedInCustomer.Succeeded(repeated), BankingApiClient.Json));
        Assert.True(repeated.Replayed, $"{first.Id} was carried out again.");
    }

    // No answer, or one that says that nothing was done: the payer knows nothing, and repeats. Any other refusal is a defect.
    private static T? Answered<T>(ApiResult<T> result)
        where T : class =>
        result.Problem is { Status: 0 or 429 or >= 500 } ? null : SignedInCustomer.Succeeded(result);
}
