namespace Proxyless.Pretrained;

/// <summary>
/// The 1000 classes of ImageNet (ILSVRC 2012), in the order of the outputs of networks trained on them.
/// </summary>
internal static class ImageNetClasses
{
    /// <summary>Number of classes.</summary>
    public const int Count = 1000;

    private const string Resource = "Proxyless.Pretrained.ImageNetClasses.tsv";

    private static readonly (string Synset, string Words)[] All = Read();

    private static readonly HashSet<string> Repeated =
    [
        .. All.CountBy(one => one.Words).Where(words => words.Value > 1).Select(words => words.Key),
    ];

    /// <summary>
    /// Their words, such as <c>tench, Tinca tinca</c>; two with the same words also have their synsets.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. All.Select(one => Repeated.Contains(one.Words) ? $"{one.Words} ({one.Synset})" : one.Words)];

    /// <summary>Their WordNet synsets, such as <c>n01440764</c>.</summary>
    public static IReadOnlyList<string> Synsets { get; } = [.. All.Select(one => one.Synset)];

    private static (string Synset, string Words)[] Read()
    {
        using Stream stream = typeof(ImageNetClasses).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }

    /// <summary>The classes of a text with a line for each, whatever its line breaks are.</summary>
    internal static (string Synset, string Words)[] Parse(string text) =>
        [
            .. text.ReplaceLineEndings("\n")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t'))
                .Select(words => (words[1], words[2])),
        ];
}
