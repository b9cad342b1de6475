using System.Globalization;
using Proxyless.Files;

namespace Proxyless.Comparisons;

/// <summary>The kinds of networks that can be requested.</summary>
public enum NetworkRequestKind
{
    /// <summary>An existing one: a run's folder, an architecture file, a published name.</summary>
    Given,

    /// <summary>Random networks of the space, between 90 and 100 % of the limit.</summary>
    Random,

    /// <summary>MobileNetV2 of a given width.</summary>
    MobileNet,

    /// <summary>MobileNetV2 of the largest width that meets the limit.</summary>
    FittedMobileNet,
}

/// <summary>One entry of the list of networks to compare.</summary>
/// <param name="Text">The entry as written.</param>
/// <param name="Group">The group in which they are averaged and tested.</param>
/// <param name="Kind">The kind of networks.</param>
/// <param name="Source">Name, file or folder of a <see cref="NetworkRequestKind.Given"/> one.</param>
/// <param name="Count">How many <see cref="NetworkRequestKind.Random"/> ones.</param>
/// <param name="Multiplier">Width of a <see cref="NetworkRequestKind.MobileNet"/>.</param>
public sealed record NetworkRequest(
    string Text,
    string Group,
    NetworkRequestKind Kind,
    string Source = "",
    int Count = 1,
    double Multiplier = 1
)
{
    /// <summary>The forms that <see cref="Parse"/> takes, for help and errors.</summary>
    public const string Forms =
        "a run's folder, an architecture file, a published name, random:N, mobilenet-v2:fit or mobilenet-v2:WIDTH, "
        + "with LABEL= before it to name its group";

    private const string RandomPrefix = "random:";
    private const string MobileNetPrefix = "mobilenet-v2:";
    private const int MostRandom = 10_000;

    /// <summary>
    /// The entry with the full path of a file or folder, so that it is recognized from any working folder.
    /// </summary>
    public string Key =>
        Kind != NetworkRequestKind.Given || !Path.Exists(Source) ? Text
        : Text == Source ? Path.GetFullPath(Source)
        : $"{Group}={Path.GetFullPath(Source)}";

    /// <summary>Whether another entry requests the same, however its path is spelled.</summary>
    /// <param name="text">The other entry.</param>
    public bool IsSame(string text)
    {
        NetworkRequest other = Parse(text);
        return Key == other.Key
            || (
                Kind == NetworkRequestKind.Given
                && other.Kind == Kind
                && Group == other.Group
                && RealPath.Same(Source, other.Source)
            );
    }

    /// <summary>Parses one entry.</summary>
    /// <exception cref="InvalidInputException">It has none of the <see cref="Forms"/>.</exception>
    public static NetworkRequest Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int equals = Path.Exists(text) ? -1 : text.IndexOf('=', StringComparison.Ordinal);
        string? label = equals > 0 ? text[..equals] : null;
        string what = text[(equals + 1)..];
        if (what.StartsWith(RandomPrefix, StringComparison.Ordinal))
        {
            return
                int.TryParse(
                    what[RandomPrefix.Length..],
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out int count
                ) && count is >= 1 and <= MostRandom
                ? new NetworkRequest(text, label ?? "random", NetworkRequestKind.Random, Count: count)
                : throw Wrong(text, $"random:N takes a number from 1 to {MostRandom}");
        }

        if (what.StartsWith(MobileNetPrefix, StringComparison.Ordinal))
        {
            string width = what[MobileNetPrefix.Length..];
            if (width == "fit")
            {
                return new NetworkRequest(text, label ?? what, NetworkRequestKind.FittedMobileNet);
            }

            return
                double.TryParse(
                    width,
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double multiplier
                ) && multiplier is >= 0.1 and <= 10
                ? new NetworkRequest(text, label ?? what, NetworkRequestKind.MobileNet, Multiplier: multiplier)
                : throw Wrong(text, "mobilenet-v2:WIDTH takes a number from 0.1 to 10, or fit");
        }

        return what.Length == 0
            ? throw Wrong(text, $"give {Forms}")
            : new NetworkRequest(text, label ?? GroupOf(what), NetworkRequestKind.Given, what);
    }

    private static string GroupOf(string source)
    {
        string name = Path.GetFileName(source);
        return Directory.Exists(source) ? "found"
            : name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? name[..^".json".Length]
            : name;
    }

    private static InvalidInputException Wrong(string text, string allowed) =>
        new($"ComparisonOptions.Networks = '{text}' is not understood: {allowed}");
}
