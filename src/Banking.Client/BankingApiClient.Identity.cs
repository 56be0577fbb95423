using System.Text.Json.Serialization;

namespace Banking.Client;

/// <summary>Answer of the token endpoint (RFC 8693 section 2.2.1): the assistant's narrowed token and what it is bound to.</summary>
public sealed record TokenExchangeResult(
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("issued_token_type")] string IssuedTokenType,
    [property: JsonPropertyName("token_type")] string TokenType,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("scope")] string Scope,
    [property: JsonPropertyName("conversation_id")] string ConversationId,
    [property: JsonPropertyName("session_id")] string SessionId,
    [property: JsonPropertyName("user_id")] string UserId);

/// <summary>Identifiers of RFC 8693 and of ours in it.</summary>
public static class TokenExchange
{
    /// <summary>The grant type.</summary>
    public const string GrantType = "urn:ietf:params:oauth:grant-type:token-exchange";

    /// <summary>Subject token type of a delegation grant (<c>sbg_</c>).</summary>
    public const string DelegationGrantType = "urn:securebank:token-type:delegation-grant";

    /// <summary>Subject token type, and issued token type, of a delegated token (<c>sbd_</c>).</summary>
    public const string AccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
}

/// <summary>Authentication context class references: how strongly the user signed in, and what an operation asks for.</summary>
public static class AcrValues
{
    /// <summary>Password and a one-time code.</summary>
    public const string Mfa = "urn:securebank:acr:mfa";

    /// <summary>A passkey with user verification: resists phishing.</summary>
    public const string Passkey = "urn:securebank:acr:passkey";

    /// <summary>Either, in order of preference, as an operation asks for it.</summary>
    public const string Any = Passkey + " " + Mfa;
}

public sealed partial class BankingApiClient
{
    /// <summary>First step of sign-in. Needs the web's client credential. Fails alike for unknown users and wrong passwords.</summary>
    public Task<ApiResult<SecondFactorRequired>> SignInWithPasswordAsync(PasswordSignIn request, CancellationToken cancellationToken = default) =>
        PostAsync<SecondFactorRequired>("v1/sign-in/password", request, CallContext.None, cancellationToken);

    /// <summary>Second step of sign-in.</summary>
    public Task<ApiResult<SignInResult>> SignInWithTotpAsync(TotpSignIn request, CancellationToken cancellationToken = default) =>
        PostAsync<SignInResult>("v1/sign-in/totp", request, CallContext.None, cancellationToken);

    /// <summary>Options for a sign-in with any passkey the browser knows for this bank.</summary>
    public Task<ApiResult<PasskeyOptions>> StartPasskeySignInAsync(CancellationToken cancellationToken = default) =>
        PostAsync<PasskeyOptions>("v1/sign-in/passkey/options", null, CallContext.None, cancellationToken);

    /// <summary>Sign-in with a passkey; <see cref="CallContext.Origin"/> is the browser's.</summary>
    public Task<ApiResult<SignInResult>> SignInWithPasskeyAsync(PasskeySignIn request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<SignInResult>("v1/sign-in/passkey", request, call, cancellationToken);

    /// <summary>Who is signed in. No activity: does not keep the session alive.</summary>
    public Task<ApiResult<SessionInfo>> GetSessionAsync(CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<SessionInfo>("v1/session", call, cancellationToken);

    /// <summary>Signs out: the session and everything delegated from it end at once.</summary>
    public Task<ApiResult<Done>> SignOutAsync(CallContext call, CancellationToken cancellationToken = default) =>
        DeleteAsync<Done>("v1/session", null, call, cancellationToken);

    /// <summary>The user's live sessions.</summary>
    public Task<ApiResult<IReadOnlyList<SessionSummary>>> ListSessionsAsync(CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<IReadOnlyList<SessionSummary>>("v1/sessions", call, cancellationToken);

    /// <summary>Ends one of the user's sessions.</summary>
    public Task<ApiResult<Done>> EndSessionAsync(string sessionId, CallContext call, CancellationToken cancellationToken = default) =>
        DeleteAsync<Done>($"v1/sessions/{Escape(sessionId)}", null, call, cancellationToken);

    /// <summary>Ends all of the user's sessions, this one included.</summary>
    public Task<ApiResult<Done>> EndAllSessionsAsync(CallContext call, CancellationToken cancellationToken = default) =>
        DeleteAsync<Done>("v1/sessions", null, call, cancellationToken);

    /// <summary>The user's passkeys.</summary>
    public Task<ApiResult<IReadOnlyList<PasskeySummary>>> ListPasskeysAsync(CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<IReadOnlyList<PasskeySummary>>("v1/passkeys", call, cancellationToken);

    /// <summary>Options for making a new passkey.</summary>
    public Task<ApiResult<PasskeyOptions>> StartPasskeyRegistrationAsync(CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<PasskeyOptions>("v1/passkeys/options", null, call, cancellationToken);

    /// <summary>Saves a new passkey. Challenged first; repeat with the approved authorization's id.</summary>
    public Task<ApiResult<PasskeySummary>> RegisterPasskeyAsync(RegisterPasskey request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<PasskeySummary>("v1/passkeys", request, call, cancellationToken);

    /// <summary>Removes a passkey. Challenged first; repeat with the approved authorization's id.</summary>
    public Task<ApiResult<Done>> RemovePasskeyAsync(string passkeyId, string? authorizationId, CallContext call, CancellationToken cancellationToken = default) =>
        DeleteAsync<Done>($"v1/passkeys/{Escape(passkeyId)}{(authorizationId is null ? "" : $"?authorizationId={Escape(authorizationId)}")}", null, call, cancellationToken);

    /// <summary>A one-time grant that lets the assistant act, narrowly, in one conversation.</summary>
    public Task<ApiResult<DelegationGrant>> CreateDelegationGrantAsync(CreateDelegationGrant request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<DelegationGrant>("v1/delegation-grants", request, call, cancellationToken);

    /// <summary>The assistant redeems a grant. Needs the assistant's client credential.</summary>
    public Task<ApiResult<TokenExchangeResult>> RedeemGrantAsync(string grant, CancellationToken cancellationToken = default) =>
        ExchangeAsync(grant, TokenExchange.DelegationGrantType, cancellationToken);

    /// <summary>The assistant renews its token while the session lives; the old token is dead afterwards.</summary>
    public Task<ApiResult<TokenExchangeResult>> RenewDelegatedTokenAsync(string accessToken, CancellationToken cancellationToken = default) =>
        ExchangeAsync(accessToken, TokenExchange.AccessTokenType, cancellationToken);

    /// <summary>An authorization of the user: what exactly is to be approved.</summary>
    public Task<ApiResult<Authorization>> GetAuthorizationAsync(string authorizationId, CallContext call, CancellationToken cancellationToken = default) =>
        GetAsync<Authorization>($"v1/authorizations/{Escape(authorizationId)}", call, cancellationToken);

    /// <summary>WebAuthn options whose challenge is bound to this authorization.</summary>
    public Task<ApiResult<PasskeyOptions>> StartPasskeyApprovalAsync(string authorizationId, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<PasskeyOptions>($"v1/authorizations/{Escape(authorizationId)}/passkey-options", null, call, cancellationToken);

    /// <summary>Approves with a code or a passkey; <see cref="CallContext.Origin"/> is the browser's for a passkey.</summary>
    public Task<ApiResult<Authorization>> ApproveAsync(string authorizationId, ApproveAuthorization request, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Authorization>($"v1/authorizations/{Escape(authorizationId)}/approve", request, call, cancellationToken);

    /// <summary>Declines: the authorization cannot be approved any more.</summary>
    public Task<ApiResult<Authorization>> DeclineAsync(string authorizationId, CallContext call, CancellationToken cancellationToken = default) =>
        PostAsync<Authorization>($"v1/authorizations/{Escape(authorizationId)}/decline", null, call, cancellationToken);

    private Task<ApiResult<TokenExchangeResult>> ExchangeAsync(string subjectToken, string subjectTokenType, CancellationToken cancellationToken) =>
        SendAsync<TokenExchangeResult>(
            HttpMethod.Post,
            "v1/token",
            new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = TokenExchange.GrantType,
                ["subject_token"] = subjectToken,
                ["subject_token_type"] = subjectTokenType,
            }),
            CallContext.None,
            cancellationToken);
}
