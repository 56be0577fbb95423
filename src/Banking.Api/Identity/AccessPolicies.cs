using Microsoft.AspNetCore.Authorization;

namespace Banking.Api.Identity;

/// <summary>Names of the authentication schemes.</summary>
internal static class AuthenticationSchemes
{
    public const string Reference = nameof(Reference);
    public const string Client = nameof(Client);
}

/// <summary>Scopes of the assistant's token.</summary>
internal static class Scopes
{
    public const string AccountsRead = "accounts:read";
    public const string PaymentsDraft = "payments:draft";

    public static string[] Assistant => [AccountsRead, PaymentsDraft];
}

/// <summary>The rules behind <see cref="Policies"/>. An endpoint that names none is open to signed-in users only.</summary>
internal static class AccessPolicies
{
    public static void Add(AuthorizationOptions options)
    {
        AddCaller(options, Policies.SignedIn, caller => caller.Kind == CallerKind.Session);
        AddCaller(options, Policies.Customer, IsCustomer);
        AddCaller(options, Policies.CustomerRead, caller => IsCustomer(caller) || IsDelegated(caller, Scopes.AccountsRead));
        AddCaller(options, Policies.CustomerDraft, caller => IsCustomer(caller) || IsDelegated(caller, Scopes.PaymentsDraft));
        AddCaller(options, Policies.Teller, caller => HasRole(caller, Roles.Teller));
        AddCaller(options, Policies.Risk, caller => HasRole(caller, Roles.RiskAnalyst) || HasRole(caller, Roles.RiskLead));
        AddCaller(options, Policies.Auditor, caller => HasRole(caller, Roles.Auditor));
        AddClient(options, Policies.WebClient, ClientAuthentication.Web);
        AddClient(options, Policies.AssistantClient, ClientAuthentication.Assistant);
        options.DefaultPolicy = options.GetPolicy(Policies.SignedIn)!;
        options.FallbackPolicy = options.DefaultPolicy;
    }

    private static bool IsCustomer(Caller caller) => HasRole(caller, Roles.Customer);

    private static bool HasRole(Caller caller, string role) => caller.Kind == CallerKind.Session && caller.Roles.Contains(role);

    private static bool IsDelegated(Caller caller, string scope) =>
        caller.Kind == CallerKind.Delegated && caller.Roles.Contains(Roles.Customer) && caller.Scopes.Contains(scope);

    private static void AddCaller(AuthorizationOptions options, string name, Func<Caller, bool> rule) =>
        options.AddPolicy(name, policy => policy
            .AddAuthenticationSchemes(AuthenticationSchemes.Reference)
            .RequireAuthenticatedUser()
            .RequireAssertion(context => context.Resource is HttpContext http && Caller.Of(http) is { } caller && rule(caller)));

    private static void AddClient(AuthorizationOptions options, string name, string client) =>
        options.AddPolicy(name, policy => policy.AddAuthenticationSchemes(AuthenticationSchemes.Client).RequireClaim("client", client));
}
