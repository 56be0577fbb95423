using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fraud.Model;

/// <summary>What a model folder says about itself, in <c>manifest.json</c>.</summary>
/// <param name="FormatVersion">Version of the folder's layout, <see cref="CurrentFormat"/>.</param>
/// <param name="Version">Name of the model version, equal to the folder's name.</param>
/// <param name="Created">When it was trained.</param>
/// <param name="Seed">Seed of simulation and training.</param>
/// <param name="CodeVersion">Version of the code that trained it.</param>
/// <param name="DataFingerprint">SHA-256 over the training features in order, hexadecimal.</param>
/// <param name="Features">Feature names in order.</param>
/// <param name="Files">SHA-256 (hexadecimal) of every other file of the folder, by plain file name.</param>
public sealed record ModelManifest(
    int FormatVersion,
    string Version,
    DateTimeOffset Created,
    long Seed,
    string CodeVersion,
    string DataFingerprint,
    IReadOnlyList<string> Features,
    IReadOnlyDictionary<string, string> Files)
{
    /// <summary>The layout this build reads and writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>File name of the manifest.</summary>
    public const string FileName = "manifest.json";

    /// <summary>File name of the model itself.</summary>
    public const string ModelFileName = "model.bin";
}

/// <summary>Which version decides, in <c>champion.json</c> beside the version folders.</summary>
/// <param name="Version">Name of the version's folder.</param>
/// <param name="ManifestSha256">SHA-256 (hexadecimal) of its manifest, which in turn pins every file.</param>
public sealed record Champion(string Version, string ManifestSha256)
{
    /// <summary>File name of the champion file.</summary>
    public const string FileName = "champion.json";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(Champion))]
internal sealed partial class ModelJson : JsonSerializerContext;
