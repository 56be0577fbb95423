using System.Text.Json;
using Bank.Web.Errors;
using Banking.Client;

namespace Bank.Web.Approvals;

/// <summary>The second factor as a form posts it: a code, or the browser's passkey answer.</summary>
internal sealed record Factor(string? Code, string? Credential)
{
    /// <summary>Whether anything was given at all.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(Code) && string.IsNullOrWhiteSpace(Credential);
}

/// <summary>What a step-up form shows and carries: the authorization itself, the fields of the command that waits for it, and what went wrong last time.</summary>
internal sealed record StepUpForm(Authorization Authorization, IReadOnlyList<KeyValuePair<string, string>> Carried, string? Error)
{
    /// <summary>JSON as a person can read it: indented, and letters as letters.</summary>
    public static JsonSerializerOptions Readable { get; } = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Words on the button, by what is approved.</summary>
    public string ApproveLabel => Authorization.Type switch
    {
        "payment_initiation" => "Approve payment",
        "payee_creation" => "Approve payee",
        "cash_movement" => "Approve and post",
        _ => "Approve",
    };
}

/// <summary>Either approved, or why not.</summary>
internal sealed record StepUpResult(bool Approved, ApiProblem? Problem, string? Error);

/// <summary>Approves an authorization with the customer's factor. Used by every page that has something approved.</summary>
internal sealed class StepUp(BankingApiClient api)
{
    /// <summary>
    /// Approves <paramref name="authorizationId"/>. One that is approved already is a success: the answer to a first attempt may have been
    /// lost, and whether it still may be used is decided by the command that uses it.
    /// </summary>
    public async Task<StepUpResult> ApproveAsync(string authorizationId, Factor factor, CallContext call, CancellationToken cancellationToken)
    {
        var current = await api.GetAuthorizationAsync(authorizationId, call, cancellationToken);
        if (!current.Succeeded)
        {
            return new StepUpResult(Approved: false, current.Problem, Explanation.Of(current.Problem));
        }

        if (current.Value.State is "approved" or "consumed")
        {
            return new StepUpResult(Approved: true, null, null);
        }

        if (factor.IsEmpty)
        {
            return new StepUpResult(Approved: false, null, "Please enter the six digits from your authenticator app, or use a passkey.");
        }

        var request = string.IsNullOrWhiteSpace(factor.Credential)
            ? new ApproveAuthorization("totp", factor.Code!.Replace(" ", "", StringComparison.Ordinal), null)
            : new ApproveAuthorization("passkey", null, factor.Credential);
        var result = await api.ApproveAsync(authorizationId, request, call, cancellationToken);
        return result.Succeeded
            ? new StepUpResult(Approved: true, null, null)
            : new StepUpResult(Approved: false, result.Problem, Explanation.Of(result.Problem));
    }
}
