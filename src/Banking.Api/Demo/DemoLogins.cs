using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Banking.Api.Identity;

namespace Banking.Api.Demo;

/// <summary>A way into the demo bank.</summary>
/// <param name="User">The name to sign in with.</param>
/// <param name="Role">What the user may do.</param>
/// <param name="Password">Four words and four digits.</param>
/// <param name="TotpSecret">Base32 (RFC 4648), as authenticator apps take it.</param>
/// <param name="Page">Where the user begins.</param>
internal sealed record DemoLogin(string User, string Role, string Password, string TotpSecret, string Page)
{
    /// <summary>The code of an instant.</summary>
    public string CodeAt(DateTimeOffset instant) => Totp.Compute(Base32.Decode(TotpSecret), Totp.StepAt(instant));
}

/// <summary>Makes, writes and reads the demo's logins.</summary>
internal static class DemoLogins
{
    // Short common words, none of which is easily taken for another.
    private static readonly string[] Words =
        ("amber anchor apple april arrow atlas aspen autumn badge bamboo barley basil beacon berry birch bishop blanket blossom bottle branch bridge bronze brook bucket butter cabin "
        + "cable cactus candle canvas canyon carbon cargo carpet castle cedar cherry chestnut circle citrus clover cobalt comet copper coral cotton cousin crater cricket crystal "
        + "cypress dagger daisy delta desert diamond dolphin domino dragon drum eagle echo elbow ember engine fabric falcon feather fennel ferry fiddle flame flint forest fossil "
        + "fountain fox frost galaxy garden garlic gentle ginger glacier globe granite grape gravel guitar hammer harbor harvest hazel helmet heron hickory honey horizon hotel "
        + "iceberg indigo island ivory jacket jasmine jelly jigsaw jungle juniper kettle kitten ladder lagoon lantern lapis laurel lavender lemon lentil lilac linen lizard lobster "
        + "lotus magnet maple marble market meadow melon mercury mint mirror mosaic muffin mustard nectar needle nickel north nutmeg oasis ocean olive onyx opal orbit orchid otter "
        + "oyster paddle panda paper parade pebble pepper petal piano pigeon pilot pine planet plaza plum pocket poem polar poppy prairie prism pumpkin quartz quill rabbit radar "
        + "raven ribbon river robin rocket rose ruby saddle saffron sage sailor salmon sand satin scarlet shadow shell silver sketch slate smoke snow solar spark spruce squirrel "
        + "stable stone storm summer sunset swan tango temple thistle thunder tiger timber topaz torch tulip tundra turtle umber valley velvet violet walnut water willow winter "
        + "wolf yarrow zebra zephyr").Split(' ');

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static DemoLogin Create(DemoPerson person) => new(
        person.UserName,
        person.Role,
        string.Join('-', Enumerable.Range(0, 4).Select(_ => Words[RandomNumberGenerator.GetInt32(Words.Length)])) + "-" + RandomNumberGenerator.GetInt32(10_000).ToString("D4", CultureInfo.InvariantCulture),
        Base32.Encode(RandomNumberGenerator.GetBytes(Totp.SecretLength)),
        "/");

    /// <summary>Writes the file as a whole, readable by its owner alone.</summary>
    public static async Task WriteAsync(string file, IReadOnlyList<DemoLogin> logins, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var stream = new FileStream(temporary, options))
        {
            await JsonSerializer.SerializeAsync(stream, logins, Json, cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    public static async Task<IReadOnlyList<DemoLogin>> ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return await JsonSerializer.DeserializeAsync<List<DemoLogin>>(stream, Json, cancellationToken) ?? [];
    }
}
