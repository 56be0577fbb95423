using System.Globalization;

namespace Banking.Client;

/// <content>Payments.</content>
public sealed partial class BankingApiClient
{
    /// <summary>Drafts a payment; nothing moves. The call carries an idempotency key.</summary>
    public Task<ApiResult<Payment>> DraftPaymentAsync(CreatePayment request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payment>("v1/payments", request, call, cancellationToken);

    /// <summary>Changes a payment that is not approved; an approval asked for before ends.</summary>
    public Task<ApiResult<Payment>> AmendPaymentAsync(string paymentId, AmendPayment request, CallContext call, CancellationToken cancellationToken = default) =>
        PatchAsync<Payment>($"v1/payments/{Escape(paymentId)}", request, call, cancellationToken);

    /// <summary>Payments, newest first.</summary>
    public Task<ApiResult<Page<Payment>>> ListPaymentsAsync(
        string? state, string? conversationId, string? cursor, int? limit, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Page<Payment>>(
            "v1/payments" + Query.Of(("state", state), ("conversationId", conversationId), ("cursor", cursor), ("limit", limit?.ToString(CultureInfo.InvariantCulture))),
            call,
            cancellationToken);

    /// <summary>One payment.</summary>
    public Task<ApiResult<Payment>> GetPaymentAsync(string paymentId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Payment>($"v1/payments/{Escape(paymentId)}", call, cancellationToken);

    /// <summary>Opens the authorization named in the answer's <see cref="Payment.AuthorizationId"/>. Customer's session only.</summary>
    public Task<ApiResult<Payment>> SubmitPaymentAsync(string paymentId, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payment>($"v1/payments/{Escape(paymentId)}/submit", null, call, cancellationToken);

    /// <summary>
    /// Executes an approved payment; read the outcome from its state (executed, held, failed). Without an approval the problem
    /// <see cref="ErrorCodes.InsufficientUserAuthentication"/> names the authorization. The call carries an idempotency key.
    /// </summary>
    public Task<ApiResult<Payment>> ExecutePaymentAsync(string paymentId, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payment>($"v1/payments/{Escape(paymentId)}/execute", null, call, cancellationToken);

    /// <summary>Ends a payment that has not been posted.</summary>
    public Task<ApiResult<Payment>> CancelPaymentAsync(string paymentId, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Payment>($"v1/payments/{Escape(paymentId)}/cancel", null, call, cancellationToken);
}
