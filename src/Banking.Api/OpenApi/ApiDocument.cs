using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Api.Identity;
using Banking.Api.Infrastructure;
using Banking.Client;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Banking.Api.OpenApi;

/// <summary>The OpenAPI description of <c>/v1</c>. It is checked in (docs/reference/openapi.v1.json) and served in development only.</summary>
internal static class ApiDocument
{
    public const string Name = "v1";

    private const string TokenScheme = "token";

    public static void AddApiDocument(this IServiceCollection services) =>
        services.AddOpenApi(Name, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = description => description.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "SecureBank Banking API",
                    Version = "1",
                    Description = "Identity, accounts, payments and their approval. Errors are RFC 9457 problems with a stable code.",
                };
                document.Servers = [];
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
                {
                    [TokenScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An opaque session or delegated token." },
                };
                return Task.CompletedTask;
            });
            options.AddSchemaTransformer((schema, context, _) =>
            {
                var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
                if (type == typeof(Money))
                {
                    DescribeMoney(schema, nullable: type != context.JsonTypeInfo.Type);
                }

                return Task.CompletedTask;
            });
            options.AddOperationTransformer(async (operation, context, cancellationToken) =>
            {
                operation.Responses ??= [];
                operation.Responses["default"] = new OpenApiResponse
                {
                    Description = "A problem (RFC 9457); code says which.",
                    Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                    {
                        ["application/problem+json"] = new() { Schema = await context.GetOrCreateSchemaAsync(typeof(ApiError), null, cancellationToken) },
                    },
                };
                // Named after C# members where they are bound from a record; names in queries are matched in any case.
                foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>().Where(parameter => parameter.In == ParameterLocation.Query))
                {
                    parameter.Name = JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!);
                }

                if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>().Any(data => data.Policy is not (Policies.WebClient or Policies.AssistantClient)))
                {
                    operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(TokenScheme, context.Document)] = [] }];
                }
            });
        });

    /// <summary>Describes a form of required texts; the handler reads it by itself, in order to answer a wrong one in its own vocabulary.</summary>
    public static RouteHandlerBuilder TakesForm(this RouteHandlerBuilder route, params string[] members) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/x-www-form-urlencoded"] = new()
                    {
                        Schema = new OpenApiSchema
                        {
                            Type = JsonSchemaType.Object,
                            Required = new HashSet<string>(members, StringComparer.Ordinal),
                            Properties = members.ToDictionary(member => member, IOpenApiSchema (_) => new OpenApiSchema { Type = JsonSchemaType.String }, StringComparer.Ordinal),
                        },
                    },
                },
            };
            return Task.CompletedTask;
        });

    /// <summary>Describes the header under which a command is carried out once; it is read where the command is run.</summary>
    public static RouteHandlerBuilder TakesIdempotencyKey(this RouteHandlerBuilder route, bool required) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = ApiHeaders.IdempotencyKey,
                In = ParameterLocation.Header,
                Required = required,
                Description = "The same key with the same request gets the same answer.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = $"^[!-~]{{1,{IdempotencyKey.LengthMax}}}$" },
            });
            return Task.CompletedTask;
        });

    /// <summary>The description as JSON text, LF line ends.</summary>
    public static async Task<string> WriteAsync(IServiceProvider services, CancellationToken cancellationToken = default)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync(cancellationToken);
        var text = await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken);
        return text.ReplaceLineEndings("\n").TrimEnd() + "\n";
    }

    private static void DescribeMoney(OpenApiSchema schema, bool nullable)
    {
        schema.Type = nullable ? JsonSchemaType.Object | JsonSchemaType.Null : JsonSchemaType.Object;
        schema.AdditionalPropertiesAllowed = false;
        schema.Required = new HashSet<string>(StringComparer.Ordinal) { "amount", "currency" };
        schema.Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["amount"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Pattern = @"^-?\d+(\.\d+)?$",
                Description = "A decimal number with at most the currency's decimal places.",
                Examples = [JsonValue.Create("60.00")!],
            },
            ["currency"] = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[A-Z]{3}$", Description = "ISO 4217 code." },
        };
    }

    /// <summary>The form of every error: RFC 9457 with our members.</summary>
    private sealed record ApiError(string Type, string Title, int Status, string? Detail, string Code, string? TraceId);
}
