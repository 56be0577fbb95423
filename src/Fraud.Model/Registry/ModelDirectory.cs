using System.Security.Cryptography;
using System.Text.Json;

namespace Fraud.Model;

/// <summary>Why a model was not loaded.</summary>
public enum FraudModelLoadFailure
{
    /// <summary>The folder, or a file it must contain, is missing or cannot be read.</summary>
    NotFound,

    /// <summary>A file's SHA-256 is not the one recorded.</summary>
    HashMismatch,

    /// <summary>The folder or the model file has a format version that this build does not read.</summary>
    UnsupportedFormat,

    /// <summary>The model was trained on other features than this build computes.</summary>
    FeatureMismatch,

    /// <summary>The hashes match (or there is nothing to match) but the content makes no sense.</summary>
    Corrupt,
}

/// <summary>A model, or the reason there is none.</summary>
/// <param name="Model">The model; null on failure.</param>
/// <param name="Failure">Why there is none; null on success.</param>
/// <param name="Detail">What was found, for the operator; null on success.</param>
public sealed record FraudModelLoadResult(FraudModel? Model, FraudModelLoadFailure? Failure, string? Detail)
{
    internal static FraudModelLoadResult Of(FraudModel model) => new(model, null, null);

    internal static FraudModelLoadResult Failed(FraudModelLoadFailure failure, string detail) => new(null, failure, detail);
}

/// <summary>The folder of models: one folder per version and a file naming the champion.</summary>
public static class ModelRegistry
{
    /// <summary>Loads the champion named in <c>champion.json</c>, pinned by the hash of its manifest. Never throws on what it reads.</summary>
    /// <param name="modelsDirectory">The folder that holds <c>champion.json</c>, for instance <c>models/fraud</c>.</param>
    public static FraudModelLoadResult LoadChampion(string modelsDirectory)
    {
        var file = Path.Combine(modelsDirectory, Champion.FileName);
        if (!ModelDirectory.TryReadFile(file, out var bytes, out var detail))
            return FraudModelLoadResult.Failed(FraudModelLoadFailure.NotFound, detail);

        Champion? champion;
        try
        {
            champion = JsonSerializer.Deserialize(bytes, ModelJson.Default.Champion);
        }
        catch (JsonException exception)
        {
            return FraudModelLoadResult.Failed(FraudModelLoadFailure.Corrupt, $"{file} is not valid: {exception.Message}");
        }

        if (champion is null || !ModelDirectory.IsPlainName(champion.Version))
            return FraudModelLoadResult.Failed(FraudModelLoadFailure.Corrupt, $"{file} names no version folder.");

        return ModelDirectory.Load(Path.Combine(modelsDirectory, champion.Version), champion.ManifestSha256);
    }
}

internal static class ModelDirectory
{
    /// <summary>Far above any real model; keeps a wrong path from filling the memory.</summary>
    private const long MaxFileBytes = 64 * 1024 * 1024;

    public static FraudModelLoadResult Load(string directory, string? expectedManifestSha256)
    {
        var loaded = ReadVerified(directory, expectedManifestSha256);
        if (loaded.Failure is { } failure)
            return FraudModelLoadResult.Failed(failure, loaded.Detail!);

        return ModelFile.Read(loaded.ModelBytes, loaded.Manifest!.Version);
    }

    /// <summary>Reads the manifest and checks every file against it. The model's bytes returned are the very bytes that were hashed.</summary>
    public static (ModelManifest? Manifest, byte[] ModelBytes, FraudModelLoadFailure? Failure, string? Detail) ReadVerified(
        string directory, string? expectedManifestSha256)
    {
        if (!TryReadFile(Path.Combine(directory, ModelManifest.FileName), out var manifestBytes, out var detail))
            return (null, [], FraudModelLoadFailure.NotFound, detail);

        if (expectedManifestSha256 is not null && !SameHash(manifestBytes, expectedManifestSha256))
            return (null, [], FraudModelLoadFailure.HashMismatch, $"{ModelManifest.FileName} of {directory} is not the one that was promoted.");

        ModelManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(manifestBytes, ModelJson.Default.ModelManifest);
        }
        catch (JsonException exception)
        {
            return (null, [], FraudModelLoadFailure.Corrupt, $"{ModelManifest.FileName} is not valid: {exception.Message}");
        }

        if (manifest is null)
            return (null, [], FraudModelLoadFailure.Corrupt, $"{ModelManifest.FileName} is empty.");
        if (manifest.FormatVersion != ModelManifest.CurrentFormat)
            return (manifest, [], FraudModelLoadFailure.UnsupportedFormat, $"Folder format {manifest.FormatVersion}; this build reads {ModelManifest.CurrentFormat}.");
        if (!manifest.Features.SequenceEqual(FraudFeatures.Names))
            return (manifest, [], FraudModelLoadFailure.FeatureMismatch, "The manifest's features are not the features of this build.");
        if (!manifest.Files.ContainsKey(ModelManifest.ModelFileName))
            return (manifest, [], FraudModelLoadFailure.Corrupt, $"The manifest does not list {ModelManifest.ModelFileName}.");

        byte[] modelBytes = [];
        foreach (var (name, hash) in manifest.Files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            if (!IsPlainName(name))
                return (manifest, [], FraudModelLoadFailure.Corrupt, "The manifest lists a file outside its folder.");
            if (!TryReadFile(Path.Combine(directory, name), out var bytes, out detail))
                return (manifest, [], FraudModelLoadFailure.NotFound, detail);
            if (!SameHash(bytes, hash))
                return (manifest, [], FraudModelLoadFailure.HashMismatch, $"{name} has SHA-256 {Hash(bytes)}; the manifest says {hash}.");
            if (name == ModelManifest.ModelFileName)
                modelBytes = bytes;
        }

        return (manifest, modelBytes, null, null);
    }

    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static bool IsPlainName(string name)
        => name.Length is > 0 and <= 100 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    public static bool TryReadFile(string path, out byte[] bytes, out string detail)
    {
        bytes = [];
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                detail = $"{path} does not exist.";
                return false;
            }

            if (file.Length > MaxFileBytes)
            {
                detail = $"{path} is larger than {MaxFileBytes} bytes.";
                return false;
            }

            bytes = File.ReadAllBytes(path);
            detail = "";
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.SecurityException)
        {
            detail = $"{path} cannot be read: {exception.Message}";
            return false;
        }
    }

    private static bool SameHash(ReadOnlySpan<byte> bytes, string expected) => string.Equals(Hash(bytes), expected, StringComparison.OrdinalIgnoreCase);
}
