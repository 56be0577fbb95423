using Banking.Api.Infrastructure;
using Banking.Api.OpenApi;
using Banking.Client;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using SignInResult = Banking.Client.SignInResult;

namespace Banking.Api.Identity;

/// <summary>Puts identity together: services and routes.</summary>
public static class IdentitySetup
{
    /// <summary>Adds users, factors, sessions and the policies of <see cref="Policies"/>.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<SessionOptions>().Bind(configuration.GetSection("Sessions"))
            .Validate(options => options.Idle > options.TouchInterval && options.Absolute >= options.Idle, "'Sessions:Idle' lies between 'Sessions:TouchInterval' and 'Sessions:Absolute'.");
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = Passwords.Iterations);
        services.AddIdentityCore<BankUser>(options => options.Stores.SchemaVersion = IdentitySchemaVersions.Version3).AddRoles<IdentityRole<long>>().AddEntityFrameworkStores<BankDbContext>().AddUserStore<BankUserStore>().AddSignInManager();

        // The core only: AddAuthentication brings Data Protection, whose keys this service has no use for (it encrypts nothing for browsers).
        services.AddAuthenticationCore(options => options.DefaultScheme = AuthenticationSchemes.Reference);
        services.AddWebEncoders();
        new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, ReferenceAuthentication>(AuthenticationSchemes.Reference, null)
            .AddScheme<AuthenticationSchemeOptions, ClientAuthentication>(AuthenticationSchemes.Client, null);
        services.AddAuthorization(AccessPolicies.Add);

        services.AddSingleton<ClientSecrets>();
        services.AddSingleton<TokenLookup>();
        services.AddHostedService(provider => provider.GetRequiredService<TokenLookup>());
        services.AddSingleton<SessionActivity>();
        services.AddSingleton<FactorAttempts>();
        services.AddScoped<Passwords>();
        services.AddScoped<SessionLifecycle>();
        services.AddHostedService<SessionSweeper>();
        services.AddScoped<ExchangeToken>();
        services.AddScoped<PasskeyCeremonies>();
        services.AddScoped<Passkeys>();
        services.AddOptions<PasskeyOptionsSection>().Bind(configuration.GetSection("Passkeys"));
        services.AddSingleton<Microsoft.Extensions.Options.IConfigureOptions<IdentityPasskeyOptions>, PasskeySettings>();
        services.AddScoped<IIdentityAdmin, IdentityAdmin>();
        return services;
    }

    /// <summary>Maps the identity endpoints below <c>/v1</c>.</summary>
    public static IEndpointRouteBuilder MapIdentity(this IEndpointRouteBuilder endpoints)
    {
        var v1 = endpoints.MapGroup("/v1").WithTags("Identity");

        var signIn = v1.MapGroup("/sign-in").RequireAuthorization(Policies.WebClient);
        signIn.MapPost("/password", SignInWithPassword.HandleAsync).Answers<SecondFactorRequired>()
            .WithName("SignInWithPassword").WithSummary("First step of sign-in: the password, for a ticket to the second");
        signIn.MapPost("/totp", SignInWithTotp.HandleAsync).Answers<SignInResult>()
            .WithName("SignInWithTotp").WithSummary("Second step of sign-in: the one-time code, for a session");
        signIn.MapPost("/passkey/options", SignInWithPasskey.StartAsync).Answers<PasskeyOptions>()
            .WithName("StartPasskeySignIn").WithSummary("WebAuthn options for a sign-in with a passkey alone");
        signIn.MapPost("/passkey", SignInWithPasskey.HandleAsync).Answers<SignInResult>()
            .WithName("SignInWithPasskey").WithSummary("Sign-in with a passkey alone, for a session");

        v1.MapPost("/token", ExchangeToken.HandleAsync).RequireAuthorization(Policies.AssistantClient).Answers<TokenExchangeResult>()
            .TakesForm("grant_type", "subject_token", "subject_token_type")
            .WithName("ExchangeToken").WithSummary("Token exchange (RFC 8693): a grant, or the current delegated token, for a new delegated token");
        v1.MapPost("/delegation-grants", CreateGrant.HandleAsync).RequireAuthorization(Policies.Customer).Answers<DelegationGrant>()
            .WithName("CreateDelegationGrant").WithSummary("A one-time grant that lets the assistant act in one conversation");

        var session = v1.MapGroup("").RequireAuthorization(Policies.SignedIn);
        session.MapGet("/session", Sessions.GetCurrentAsync).Answers<SessionInfo>()
            .WithName("GetSession").WithSummary("The session behind the call; asking does not prolong it");
        session.MapDelete("/session", Sessions.EndCurrentAsync).Produces(StatusCodes.Status204NoContent)
            .WithName("EndSession").WithSummary("Signs out");
        session.MapGet("/sessions", Sessions.ListAsync).Answers<IReadOnlyList<SessionSummary>>()
            .WithName("ListSessions").WithSummary("The user's live sessions");
        session.MapDelete("/sessions/{id}", Sessions.EndOneAsync).Produces(StatusCodes.Status204NoContent)
            .WithName("EndOneSession").WithSummary("Ends one of the user's sessions");
        session.MapDelete("/sessions", Sessions.EndAllAsync).Produces(StatusCodes.Status204NoContent)
            .WithName("EndAllSessions").WithSummary("Signs out everywhere");

        var passkeys = v1.MapGroup("/passkeys").RequireAuthorization(Policies.SignedIn);
        passkeys.MapGet("", Passkeys.ListAsync).Answers<IReadOnlyList<PasskeySummary>>()
            .WithName("ListPasskeys").WithSummary("The user's passkeys");
        passkeys.MapPost("/options", Passkeys.StartAsync).Answers<PasskeyOptions>()
            .WithName("StartPasskeyRegistration").WithSummary("WebAuthn options for a new passkey");
        passkeys.MapPost("", Passkeys.RegisterAsync).Produces<PasskeySummary>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .WithName("RegisterPasskey").WithSummary("Adds a passkey; the first call answers 401 with the authorization to approve");
        passkeys.MapDelete("/{id}", Passkeys.RemoveAsync).Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .WithName("RemovePasskey").WithSummary("Removes a passkey; the first call answers 401 with the authorization to approve");
        return endpoints;
    }

    // Handlers return IResult, since failures are problems of many kinds; the description names what success looks like.
    private static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route) =>
        route.Produces<T>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
}
