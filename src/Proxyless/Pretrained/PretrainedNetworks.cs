using Proxyless.Architectures;
using Proxyless.Files;

namespace Proxyless.Pretrained;

/// <summary>A network of others of which there are weights.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Architecture">At the resolution and with the classes that it was trained for.</param>
/// <param name="Depths">How many blocks each stage has, by which some codes name tensors.</param>
/// <param name="Epsilon">What its code adds to the variance in batch norm.</param>
internal sealed record PretrainedNetwork(
    string Name,
    Architecture Architecture,
    IReadOnlyList<int> Depths,
    double Epsilon
);

/// <summary>The networks of others whose weights can be imported, by name.</summary>
internal static class PretrainedNetworks
{
    private const double EpsilonOfTensorFlow = 1e-3;
    private const double EpsilonOfPyTorch = 1e-5;

    private const string EfficientNetLite0 = """
        16 1 mb3e1
        24 2 mb3e6 mb3e6
        40 2 mb5e6 mb5e6
        80 2 mb3e6 mb3e6 mb3e6
        112 1 mb5e6 mb5e6 mb5e6
        192 2 mb5e6 mb5e6 mb5e6 mb5e6
        320 1 mb3e6
        """;

    // Tan and Le, arXiv 1905.11946, without squeeze-and-excitation, with relu6, and with stem and head of one width in
    // all sizes: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.
    private static readonly Entry[] All =
    [
        new(
            "efficientnet-lite0",
            224,
            32,
            1280,
            EfficientNetLite0,
            EpsilonOfTensorFlow,
            Padding: ConvolutionPadding.Same
        ),
        new(
            "efficientnet-lite1",
            240,
            32,
            1280,
            """
            16 1 mb3e1
            24 2 mb3e6 mb3e6 mb3e6
            40 2 mb5e6 mb5e6 mb5e6
            80 2 mb3e6 mb3e6 mb3e6 mb3e6
            112 1 mb5e6 mb5e6 mb5e6 mb5e6
            192 2 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
            320 1 mb3e6
            """,
            EpsilonOfTensorFlow,
            Padding: ConvolutionPadding.Same
        ),
        new(
            "efficientnet-lite2",
            260,
            32,
            1280,
            """
            16 1 mb3e1
            24 2 mb3e6 mb3e6 mb3e6
            48 2 mb5e6 mb5e6 mb5e6
            88 2 mb3e6 mb3e6 mb3e6 mb3e6
            120 1 mb5e6 mb5e6 mb5e6 mb5e6
            208 2 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
            352 1 mb3e6
            """,
            EpsilonOfTensorFlow,
            Padding: ConvolutionPadding.Same
        ),
        new("timm-efficientnet-lite0", 224, 32, 1280, EfficientNetLite0, EpsilonOfPyTorch),
        new(
            "timm-tf-efficientnet-lite0",
            224,
            32,
            1280,
            EfficientNetLite0,
            EpsilonOfTensorFlow,
            Padding: ConvolutionPadding.Same
        ),
        // Tan et al., arXiv 1807.11626: MnasNet-B1.
        new(
            "timm-mnasnet-100",
            224,
            32,
            1280,
            """
            16 1 mb3e1
            24 2 mb3e3 mb3e3 mb3e3
            40 2 mb5e3 mb5e3 mb5e3
            80 2 mb5e6 mb5e6 mb5e6
            96 1 mb3e6 mb3e6
            192 2 mb5e6 mb5e6 mb5e6 mb5e6
            320 1 mb3e6
            """,
            EpsilonOfPyTorch,
            Activation.Relu
        ),
        // Wu et al., arXiv 1812.03443: FBNet-C.
        new(
            "timm-fbnetc-100",
            224,
            16,
            1984,
            """
            16 1 mb3e1x
            24 2 mb3e6 mb3e1x mb3e1x
            32 2 mb5e6 mb5e3 mb5e6 mb3e6
            64 2 mb5e6 mb5e3 mb5e6 mb5e6
            112 1 mb5e6 mb5e6 mb5e6 mb5e3
            184 2 mb5e6 mb5e6 mb5e6 mb5e6
            352 1 mb3e6
            """,
            EpsilonOfPyTorch,
            Activation.Relu
        ),
        // Stamoulis et al., arXiv 1904.02877: Single-Path NAS.
        new(
            "timm-spnasnet-100",
            224,
            32,
            1280,
            """
            16 1 mb3e1
            24 2 mb3e3 mb3e3 mb3e3
            40 2 mb5e6 mb3e3 mb3e3 mb3e3
            80 2 mb5e6 mb3e3 mb3e3 mb3e3
            96 1 mb5e6 mb5e3 mb5e3 mb5e3
            192 2 mb5e6 mb5e6 mb5e6 mb5e6
            320 1 mb3e6
            """,
            EpsilonOfPyTorch,
            Activation.Relu
        ),
        Published("torchvision-mobilenet-v2", "mobilenet-v2", EpsilonOfPyTorch),
        Published("timm-mobilenet-v2", "mobilenet-v2", EpsilonOfPyTorch),
        Published("proxyless-cpu", "proxyless-cpu", EpsilonOfTensorFlow),
        Published("proxyless-gpu", "proxyless-gpu", EpsilonOfTensorFlow),
        Published("proxyless-mobile", "proxyless-mobile", EpsilonOfTensorFlow),
        Published("proxyless-mobile-1.4", "proxyless-mobile-1.4", EpsilonOfTensorFlow),
    ];

    /// <summary>The names that <see cref="ByName"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(entry => entry.Name)];

    /// <summary>The network of a name.</summary>
    /// <exception cref="InvalidInputException">There is no such name; the message lists those there are.</exception>
    public static PretrainedNetwork ByName(string name) =>
        All.FirstOrDefault(entry => entry.Name == name)?.Build()
        ?? throw new InvalidInputException(
            $"there is no pretrained network named '{name}'{NearestName.Suggestion(name, Names)}; there are "
                + $"{string.Join(", ", Names)}"
        );

    private static Entry Published(string name, string architecture, double epsilon) =>
        new(name, 0, 0, 0, "", epsilon) { Architecture = architecture };

    private sealed record Entry(
        string Name,
        int Resolution,
        int StemWidth,
        int HeadWidth,
        string Stages,
        double Epsilon,
        Activation Activation = Activation.Relu6,
        ConvolutionPadding Padding = ConvolutionPadding.Centered
    )
    {
        public string? Architecture { get; init; }

        public PretrainedNetwork Build()
        {
            if (Architecture is not null)
            {
                Architecture published = PublishedArchitectures.ByName(Architecture) with { Name = Name };
                return new PretrainedNetwork(Name, published, PublishedArchitectures.DepthsOf(Architecture), Epsilon);
            }

            var stem = new Stem(3, StemWidth, 2, Resolution);
            IReadOnlyList<Block> blocks = StageText.Blocks(Stages, stem);
            var architecture = new Architecture(
                Name,
                stem,
                blocks,
                StageText.HeadOf(blocks, HeadWidth, 1000),
                Activation,
                new Dictionary<string, string>()
            )
            {
                Padding = Padding,
            };
            return new PretrainedNetwork(Name, architecture, StageText.Depths(Stages), Epsilon);
        }
    }
}
