using Proxyless.Files;

namespace Proxyless.Architectures;

/// <summary>The spaces that come with the product, by name.</summary>
public static class SearchSpacePresets
{
    private static readonly CandidateOperation[] Published =
    [
        .. Operations("mb3e3", "mb3e6", "mb5e3", "mb5e6", "mb7e3", "mb7e6", "zero"),
    ];

    // Kernels of 7 are for larger images: most of this space is 8 or 16 pixels wide.
    private static readonly CandidateOperation[] Small = [.. Operations("mb3e3", "mb3e6", "mb5e3", "mb5e6", "zero")];

    private static readonly SearchSpace[] Presets =
    [
        // The space of ProxylessNAS (arXiv 1812.00332, section 4.2): MobileNetV2's widths and strides, 21 searched
        // blocks.
        ImageNet("imagenet-mobile", stem: 32, first: 16, widths: [24, 40, 80, 96, 192, 320], head: 1280),
        // The same with the widths of the networks the authors published for a processor and a graphics card.
        ImageNet("imagenet-cpu", stem: 40, first: 24, widths: [32, 48, 88, 104, 216, 360], head: 1432),
        ImageNet("imagenet-gpu", stem: 40, first: 24, widths: [32, 56, 112, 128, 256, 432], head: 1728),
        // For 32x32 images and two cores: a network of the space takes 16 to 78 million multiply-adds, half of them
        // under 50. Stem, first block and one stage see the full resolution, where a block costs most; widths are
        // multiples of 8 because ONNX Runtime computes channels in groups of 8 or 16.
        new SearchSpace
        {
            Name = "cifar",
            Resolution = 32,
            StemWidth = 24,
            StemStride = 1,
            FirstBlockWidth = 16,
            Stages =
            [
                new Stage(24, 2, 1, Small),
                new Stage(40, 3, 2, Small),
                new Stage(80, 3, 2, Small),
                new Stage(128, 2, 1, Small),
            ],
            HeadWidth = 512,
        },
        // For runs of seconds: small enough to try things out, with every kind of candidate.
        new SearchSpace
        {
            Name = "tiny",
            Resolution = 32,
            StemWidth = 16,
            StemStride = 2,
            Stages =
            [
                new Stage(16, 2, 1, Operations("mb3e3", "mb5e3", "mb3e6", "identity", "zero")),
                new Stage(32, 2, 2, Operations("mb3e3", "mb5e3", "mb3e6", "identity", "zero")),
                new Stage(64, 2, 2, Operations("mb3e3", "mb5e3", "mb3e6", "identity", "zero")),
            ],
            HeadWidth = 128,
        },
    ];

    /// <summary>The names that <see cref="ByName"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Presets.Select(space => space.Name)];

    /// <summary>Returns the space of a name.</summary>
    /// <exception cref="InvalidInputException">There is no such name; the message lists the known names.</exception>
    public static SearchSpace ByName(string name) =>
        Presets.FirstOrDefault(space => space.Name == name)
        ?? throw new InvalidInputException(
            $"there is no space named '{name}'{NearestName.Suggestion(name, Names)}; there are "
                + $"{string.Join(", ", Names)}"
        );

    private static SearchSpace ImageNet(string name, int stem, int first, int[] widths, int head)
    {
        int[] depths = [4, 4, 4, 4, 4, 1];
        int[] strides = [2, 2, 2, 1, 2, 1];
        return new SearchSpace
        {
            Name = name,
            Resolution = 224,
            StemWidth = stem,
            StemStride = 2,
            FirstBlockWidth = first,
            Stages = [.. widths.Select((width, i) => new Stage(width, depths[i], strides[i], Published))],
            HeadWidth = head,
        };
    }

    private static CandidateOperation[] Operations(params IEnumerable<string> names) =>
        [.. names.Select(CandidateOperation.Parse)];
}
