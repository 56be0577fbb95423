using Banking.Api.Infrastructure;
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
        signIn.MapPost("/password", SignInWithPassword.HandleAsync).Answers<SecondFactorRequired>();
        signIn.MapPost("/totp", SignInWithTotp.HandleAsync).Answers<SignInResult>();
        signIn.MapPost("/passkey/options", SignInWithPasskey.StartAsync).Answers<PasskeyOptions>();
        signIn.MapPost("/passkey", SignInWithPasskey.HandleAsync).Answers<SignInResult>();

        v1.MapPost("/token", ExchangeToken.HandleAsync).RequireAuthorization(Policies.AssistantClient).Answers<TokenExchangeResult>();
        v1.MapPost("/delegation-grants", CreateGrant.HandleAsync).RequireAuthorization(Policies.Customer).Answers<DelegationGrant>();

        var session = v1.MapGroup("").RequireAuthorization(Policies.SignedIn);
        session.MapGet("/session", Sessions.GetCurrentAsync).Answers<SessionInfo>();
        session.MapDelete("/session", Sessions.EndCurrentAsync).Produces(StatusCodes.Status204NoContent);
        session.MapGet("/sessions", Sessions.ListAsync).Answers<IReadOnlyList<SessionSummary>>();
        session.MapDelete("/sessions/{id}", Sessions.EndOneAsync).Produces(StatusCodes.Status204NoContent);
        session.MapDelete("/sessions", Sessions.EndAllAsync).Produces(StatusCodes.Status204NoContent);

        var passkeys = v1.MapGroup("/passkeys").RequireAuthorization(Policies.SignedIn);
        passkeys.MapGet("", Passkeys.ListAsync).Answers<IReadOnlyList<PasskeySummary>>();
        passkeys.MapPost("/options", Passkeys.StartAsync).Answers<PasskeyOptions>();
        passkeys.MapPost("", Passkeys.RegisterAsync).Produces<PasskeySummary>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        passkeys.MapDelete("/{id}", Passkeys.RemoveAsync).Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        return endpoints;
    }

    // Handlers return IResult, since failures are problems of many kinds; the description names what success looks like.
    private static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route) =>
        route.Produces<T>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
}
