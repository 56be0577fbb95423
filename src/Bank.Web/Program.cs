using System.Net;
using Bank.Web.Approvals;
using Bank.Web.Chat;
using Bank.Web.Display;
using Bank.Web.Hosting;
using Bank.Web.Security;
using Bank.Web.Sessions;
using Banking.Client;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using SecureBank.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
if (args is ["migrate", ..])
{
    return await MigrateCommand.RunAsync(builder.Configuration, CancellationToken.None);
}

builder.AddServiceDefaults("bank-web");
var development = builder.Environment.IsDevelopment();
var configuration = builder.Configuration;
builder.WebHost.ConfigureKestrel(options =>
{
    options.AddServerHeader = false;
    options.Limits.MaxRequestBodySize = 256 * 1024;
});

builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(configuration.Require("ConnectionStrings:Web")));
builder.Services.AddSingleton(_ => new ColumnCipher(configuration.RequireSecret("Encryption:MasterKey")));
builder.Services.AddHealthChecks().AddDatabase("web.session");

// The browser's cookies: a random key to a ticket that stays here.
builder.Services.AddSingleton<OpenSockets>();
builder.Services.AddSingleton<BankCookies>();
builder.Services.AddSingleton<SessionTicketStore>();
builder.Services.AddSingleton<IXmlRepository, DataProtectionKeys>();
builder.Services.AddDataProtection().SetApplicationName("Bank.Web");
builder.Services.AddOptions<KeyManagementOptions>().Configure<IXmlRepository>((options, keys) => options.XmlRepository = keys);
// It warns that no XML encryptor is configured; the repository above encrypts.
builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error);
builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(options =>
{
    options.Cookie.Name = BankCookies.Name(builder.Environment, "session");
    options.Cookie.HttpOnly = true;
    options.Cookie.SameSite = SameSiteMode.Strict;
    options.Cookie.SecurePolicy = development ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
    // The bank ends sessions, idle or old; the ticket ends when the session's absolute limit says so.
    options.SlidingExpiration = false;
    options.LoginPath = "/sign-in";
    options.AccessDeniedPath = "/error/403";
    options.ReturnUrlParameter = "returnUrl";
    options.Events.OnRedirectToLogin = context => SessionEnd.AnswerAsync(context);
    options.Events.OnRedirectToAccessDenied = context => SessionEnd.AnswerAsync(context);
});
builder.Services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
    .Configure<SessionTicketStore>((options, store) => options.SessionStore = store);
builder.Services.AddAuthorizationBuilder()
    .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
    .AddPolicy(Roles.Customer, policy => policy.RequireRole(Roles.Customer))
    .AddPolicy(Roles.Teller, policy => policy.RequireRole(Roles.Teller));
builder.Services.AddAntiforgery(options =>
{
    // Ours is set for every response, and is stricter.
    options.SuppressXFrameOptionsHeader = true;
    options.Cookie.Name = BankCookies.Name(builder.Environment, "antiforgery");
    options.Cookie.HttpOnly = true;
    options.Cookie.SameSite = SameSiteMode.Strict;
    options.Cookie.SecurePolicy = development ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
});
builder.Services.Configure<CookieTempDataProviderOptions>(options =>
{
    options.Cookie.Name = BankCookies.Name(builder.Environment, "notice");
    options.Cookie.SameSite = SameSiteMode.Strict;
    options.Cookie.SecurePolicy = development ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always;
});
if (!development)
{
    builder.Services.AddHsts(options => options.MaxAge = TimeSpan.FromDays(365));
}

// No cookie container and no redirects: what these clients send is exactly what the code says.
builder.Services.AddHttpClient<BankingApiClient>(http =>
{
    http.BaseAddress = new Uri(configuration.Require("BankingApi:BaseAddress").TrimEnd('/') + "/");
    http.Timeout = TimeSpan.FromSeconds(15);
    BankingApiClient.AddClientCredential(http, "web", configuration.Require("BankingApi:ClientSecret"));
}).ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
builder.Services.AddHttpClient<AssistantClient>(nameof(AssistantClient), http =>
{
    http.BaseAddress = new Uri(configuration.Require("Assistant:BaseAddress").TrimEnd('/') + "/");
    http.Timeout = TimeSpan.FromSeconds(30);
}).ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), AutomaticDecompression = DecompressionMethods.All });

builder.Services.AddSingleton<ChatStore>();
builder.Services.AddSingleton<DirectLineProxy.Upstream>();
builder.Services.AddSingleton<Format>();
builder.Services.AddScoped<StepUp>();
builder.Services.AddRazorPages(options =>
{
    options.Conventions.AllowAnonymousToFolder("/SignIn");
    options.Conventions.AllowAnonymousToPage("/SignOut");
    options.Conventions.AllowAnonymousToPage("/Error");
}).AddMvcOptions(options => options.ModelBindingMessageProvider.SetValueMustNotBeNullAccessor(_ => "Please fill this in."));

var app = builder.Build();

// Every required setting is read before anything is served.
_ = (app.Services.GetRequiredService<NpgsqlDataSource>(), app.Services.GetRequiredService<ColumnCipher>(), app.Services.GetRequiredService<DirectLineProxy.Upstream>());
_ = configuration.Require("BankingApi:BaseAddress") + configuration.Require("BankingApi:ClientSecret") + configuration.Require("Assistant:DirectLineSecret");

app.UseExceptionHandler("/error/500");
if (!development)
{
    app.UseHsts();
}

app.UseStatusCodePagesWithReExecute("/error/{0}");
app.UseSecurityHeaders();
app.UseRouting();
app.UseContentPolicy();
app.UseAuthentication();
app.UseAuthorization();
app.UseAntiforgery();
app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
app.MapHealth();
// The pages' files are the same for everybody: served before anybody's session is looked up.
app.MapStaticAssets().ShortCircuit();
app.MapRazorPages();
app.MapPasskeyOptions();
app.MapChatSession();
app.MapDirectLine();
await app.RunAsync();
return 0;
