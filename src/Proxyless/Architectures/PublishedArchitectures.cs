using Proxyless.Files;

namespace Proxyless.Architectures;

/// <summary>
/// Networks from the literature, by name, at 224x224 with 1000 classes: MobileNetV2 (Sandler et al., CVPR 2018, arXiv
/// 1801.04381) and the networks that ProxylessNAS found (Cai et al., ICLR 2019, arXiv 1812.00332).
/// <see cref="Architecture.WithInput"/> adapts them to other images and classes.
/// </summary>
public static class PublishedArchitectures
{
    private const string MobileNetPaper = "arXiv 1801.04381";
    private const string ProxylessPaper = "arXiv 1812.00332";

    // One line per stage: width, stride of the first block, operations in order.
    private static readonly Published[] All =
    [
        new(
            "mobilenet-v2",
            32,
            1280,
            """
            16 1 mb3e1
            24 2 mb3e6 mb3e6
            32 2 mb3e6 mb3e6 mb3e6
            64 2 mb3e6 mb3e6 mb3e6 mb3e6
            96 1 mb3e6 mb3e6 mb3e6
            160 2 mb3e6 mb3e6 mb3e6
            320 1 mb3e6
            """,
            new()
            {
                ["paper"] = MobileNetPaper,
                ["published_top1"] = "0.720",
                ["published_latency_ms"] = "75",
                ["published_device"] = "Google Pixel 1",
            }
        ),
        new(
            "mobilenet-v2-1.4",
            48,
            1792,
            """
            24 1 mb3e1
            32 2 mb3e6 mb3e6
            48 2 mb3e6 mb3e6 mb3e6
            88 2 mb3e6 mb3e6 mb3e6 mb3e6
            136 1 mb3e6 mb3e6 mb3e6
            224 2 mb3e6 mb3e6 mb3e6
            448 1 mb3e6
            """,
            new()
            {
                ["paper"] = MobileNetPaper,
                ["published_top1"] = "0.747",
                ["published_latency_ms"] = "143",
                ["published_device"] = "Google Pixel 1",
            }
        ),
        new(
            "proxyless-cpu",
            40,
            1432,
            """
            24 1 mb3e1
            32 2 mb3e6 mb3e3 mb3e3 mb3e3
            48 2 mb3e6 mb3e3 mb3e3 mb5e3
            88 2 mb3e6 zero zero mb3e3
            104 1 mb5e6 mb3e3 mb3e3 mb3e3
            216 2 mb5e6 mb5e3 mb5e3 mb3e3
            360 1 mb5e6
            """,
            new()
            {
                ["paper"] = ProxylessPaper,
                ["published_top1"] = "0.753",
                ["published_latency_ms"] = "138.7",
                ["published_device"] = "two Intel Xeon E5-2640 v4",
            }
        ),
        new(
            "proxyless-gpu",
            40,
            1728,
            """
            24 1 mb3e1
            32 2 mb5e3 zero zero zero
            56 2 mb7e3 zero zero mb3e3
            112 2 mb7e6 zero zero mb5e3
            128 1 mb5e6 zero mb3e3 mb5e3
            256 2 mb7e6 mb7e6 mb7e6 mb5e6
            432 1 mb7e6
            """,
            new()
            {
                ["paper"] = ProxylessPaper,
                ["published_top1"] = "0.751",
                ["published_latency_ms"] = "5.1",
                ["published_device"] = "NVIDIA Tesla V100",
            }
        ),
        new(
            "proxyless-mobile",
            32,
            1280,
            """
            16 1 mb3e1
            32 2 mb5e3 mb3e3 zero zero
            40 2 mb7e3 mb3e3 mb5e3 mb5e3
            80 2 mb7e6 mb5e3 mb5e3 mb5e3
            96 1 mb5e6 mb5e3 mb5e3 mb5e3
            192 2 mb7e6 mb7e6 mb7e3 mb7e3
            320 1 mb7e6
            """,
            new()
            {
                ["paper"] = ProxylessPaper,
                ["published_top1"] = "0.746",
                ["published_latency_ms"] = "78",
                ["published_device"] = "Google Pixel 1",
            }
        ),
        new(
            "proxyless-mobile-1.4",
            48,
            1792,
            """
            24 1 mb3e1
            40 2 mb5e3 mb3e3 zero zero
            56 2 mb7e3 mb3e3 mb5e3 mb5e3
            112 2 mb7e6 mb5e3 mb5e3 mb5e3
            136 1 mb5e6 mb5e3 mb5e3 mb5e3
            256 2 mb7e6 mb7e6 mb7e3 mb7e3
            448 1 mb7e6
            """,
            new() { ["paper"] = ProxylessPaper, ["published_top1"] = "0.767" }
        ),
    ];

    /// <summary>The names that <see cref="ByName"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(network => network.Name)];

    /// <summary>
    /// Returns the network of a name; its metadata holds the paper, the accuracy and the latency as published.
    /// </summary>
    /// <exception cref="InvalidInputException">There is no such name; the message lists the known names.</exception>
    public static Architecture ByName(string name) =>
        All.FirstOrDefault(network => network.Name == name)?.Build()
        ?? throw new InvalidInputException(
            $"there is no published architecture named '{name}'{NearestName.Suggestion(name, Names)}; there are "
                + $"{string.Join(", ", Names)}"
        );

    /// <summary>How many blocks each stage of a network has.</summary>
    internal static IReadOnlyList<int> DepthsOf(string name) =>
        StageText.Depths(All.Single(network => network.Name == name).Stages);

    private sealed record Published(
        string Name,
        int StemWidth,
        int HeadWidth,
        string Stages,
        Dictionary<string, string> Metadata
    )
    {
        public Architecture Build()
        {
            var stem = new Stem(3, StemWidth, 2, 224);
            IReadOnlyList<Block> blocks = StageText.Blocks(Stages, stem);
            return new Architecture(
                Name,
                stem,
                blocks,
                StageText.HeadOf(blocks, HeadWidth, 1000),
                Activation.Relu6,
                Metadata
            );
        }
    }
}
