using System.Text.Json;
using System.Text.Json.Serialization;
using Fraud.Model;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Api.Fraud;

/// <summary>
/// The model that judges payments: the champion of the folder <c>Fraud:Models</c>, loaded at start after its hashes were verified.
/// Without one the bank is not ready and no payment is submitted or executed: what cannot be judged is not let through.
/// </summary>
public sealed class FraudScoring
{
    /// <summary>Loads the champion; a failure is logged and kept, not thrown.</summary>
    public FraudScoring(IConfiguration configuration, ILogger<FraudScoring> logger)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var folder = configuration["Fraud:Models"] ?? Path.Combine("models", "fraud");
        var result = ModelRegistry.LoadChampion(folder);
        Model = result.Model;
        if (result.Model is { } model)
        {
            logger.LogInformation("Fraud model {Version} is in service", model.Version);
        }
        else
        {
            logger.LogCritical("No fraud model, so no payments: {Failure}: {Detail}", result.Failure, result.Detail);
        }
    }

    /// <summary>Uses a model already loaded; null stands for one that could not be.</summary>
    public FraudScoring(FraudModel? model) => Model = model;

    /// <summary>The model in service; null when none could be loaded.</summary>
    public FraudModel? Model { get; }

    /// <summary>Reasons as a decision keeps them: code and contribution, strongest first.</summary>
    public static string WriteReasons(IReadOnlyList<FraudReason> reasons)
    {
        ArgumentNullException.ThrowIfNull(reasons);
        return reasons.Count == 0
            ? "[]"
            : JsonSerializer.Serialize(
                [.. reasons.Select(reason => new StoredReason(reason.Code.ToString(), Math.Round(reason.Contribution, 6)))],
                FraudJson.Default.StoredReasonArray);
    }

    /// <summary>Reasons in words for the customer, without repetition.</summary>
    public static IReadOnlyList<string> CustomerTexts(IReadOnlyList<FraudReason> reasons) =>
        [.. reasons.Select(reason => reason.Code.CustomerText).DefaultIfEmpty(FraudReasonCode.NotScorable.CustomerText).Distinct()];
}

/// <summary>One reason as stored in <c>fraud.decision</c>.</summary>
internal sealed record StoredReason(string Code, double Contribution);

[JsonSerializable(typeof(StoredReason[]))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class FraudJson : JsonSerializerContext;

/// <summary>Not ready without a verified model.</summary>
internal sealed class FraudModelHealth(FraudScoring scoring) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(scoring.Model is null ? HealthCheckResult.Unhealthy("No verified fraud model.") : HealthCheckResult.Healthy());
}
