namespace Banking.Client;

public sealed partial class BankingApiClient
{
    /// <summary>Drafts a payment; needs an idempotency key. Moves nothing.</summary>
    public Task<ApiResult<Payment>> CreatePaymentAsync(CreatePayment request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payment>("v1/payments", request, call, cancellationToken);

    /// <summary>Changes a payment that is not approved yet; an authorization asked for before ends.</summary>
    public Task<ApiResult<Payment>> AmendPaymentAsync(string paymentId, AmendPayment request, CallContext call, CancellationToken cancellationToken = default) =>
        PatchAsync<Payment>($"v1/payments/{Escape(paymentId)}", request, call, cancellationToken);

    /// <summary>One payment of the customer.</summary>
    public Task<ApiResult<Payment>> GetPaymentAsync(string paymentId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Payment>($"v1/payments/{Escape(paymentId)}", call, cancellationToken);

    /// <summary>Withdraws a payment that was not executed.</summary>
    public Task<ApiResult<Payment>> CancelPaymentAsync(string paymentId, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payment>($"v1/payments/{Escape(paymentId)}/cancel", null, call, cancellationToken);
}
