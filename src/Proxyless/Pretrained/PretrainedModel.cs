using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Inference;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Weights;
using static TorchSharp.torch;

namespace Proxyless.Pretrained;

/// <summary>Networks by others with their weights, as ONNX models.</summary>
public static class PretrainedModel
{
    private const int ComparedImages = 2;
    private const double Tolerance = 1e-3;

    /// <summary>The networks that are known by name.</summary>
    public static IReadOnlyList<PretrainedModelInfo> All { get; } =
    [
        .. PretrainedNetworks.Networks.Select(network =>
        {
            ArchitectureCost cost = ArchitectureCost.Of(network.Architecture);
            return new PretrainedModelInfo(
                network.Architecture.Name,
                network.Origin,
                network.License,
                network.Architecture.Resolution,
                cost.Parameters,
                cost.MultiplyAdds,
                network.PublishedTop1
            );
        }),
    ];

    /// <summary>
    /// Returns the file of a network's weights: the one in the cache, or downloaded from its origin, where an
    /// interrupted download is continued.
    /// </summary>
    /// <param name="name">A name of <see cref="All"/>.</param>
    /// <param name="observer">Receives progress reports and messages; null for none.</param>
    /// <param name="cancellationToken">Stops it; the next call continues.</param>
    /// <exception cref="InvalidInputException">
    /// There is no such name, or the file has no address of its own; the message says how to get it.
    /// </exception>
    /// <exception cref="IOException">
    /// The download failed or is damaged; the message says what to do by hand.
    /// </exception>
    public static async Task<string> DownloadAsync(
        string name,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        using var handler = new HttpClientHandler();
        return await WeightsDownload
            .GetAsync(
                name,
                PretrainedNetworks.ByName(name).Source,
                handler,
                observer ?? NullRunObserver.Instance,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Puts the weights of a file into a network and writes it as an ONNX model with its input's
    /// recipe.</summary>
    /// <param name="options">What is imported, and how.</param>
    /// <param name="observer">Receives messages; null for none.</param>
    /// <param name="cancellationToken">Stops it before the model is written.</param>
    /// <exception cref="InvalidInputException">
    /// A file cannot be read, or its weights are not the network's; nothing is written.
    /// </exception>
    public static ImportResult Import(
        ImportOptions options,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        observer ??= NullRunObserver.Instance;
        PretrainedNetwork known = PretrainedWeights.NetworkOf(options.Network);
        WeightsFile weights = PretrainedWeights.Read(options.Weights, options.StateDict, observer);
        known = PretrainedWeights.Completed(known, weights, options.Weights, observer);
        cancellationToken.ThrowIfCancellationRequested();
        Libtorch.Load();
        int resolution = options.Resolution ?? known.Architecture.Resolution;
        using CompactNetwork network = PretrainedWeights.Create(
            known,
            weights,
            options.Weights,
            resolution,
            new NetworkOptions()
        );
        int classes = network.Architecture.Classes;
        bool isKept = PretrainedWeights.IsName(options.Network) && classes == known.Architecture.Classes;
        if (classes != known.Architecture.Classes)
        {
            observer.Message(
                Invariant($"'{options.Weights}' has {classes} classes, and '{options.Network}' ")
                    + Invariant($"{known.Architecture.Classes}: the file's are taken")
                    + (PretrainedWeights.IsName(options.Network) ? ", and nothing is kept under that name" : "")
            );
        }

        double difference = Write(
            network,
            known,
            ClassNames(options.Classes, classes),
            isImageNet: options.Classes is null && classes == ImageNetClasses.Count,
            options.Weights,
            options.Model,
            cancellationToken
        );
        if (isKept)
        {
            PretrainedWeights.TryReplace(options.Network, network, options.Weights, observer);
        }

        return new ImportResult
        {
            Model = options.Model,
            Network = network.Architecture.Name,
            StateDict = weights.StateDict,
            Resolution = resolution,
            Classes = classes,
            Parameters = ArchitectureCost.Of(network.Architecture).Parameters,
            LargestDifference = difference,
        };
    }

    /// <summary>
    /// Returns a known network with its own classes as a model: from the cache, where it is kept, or created from the
    /// weights there, or from those of its origin.
    /// </summary>
    /// <param name="name">A name of <see cref="All"/>.</param>
    /// <param name="observer">Receives progress reports and messages; null for none.</param>
    /// <param name="cancellationToken">Stops it; a download is continued by the next call.</param>
    /// <returns>The model's file.</returns>
    /// <exception cref="InvalidInputException">
    /// There is no such name, or its weights are neither in the cache nor offered for download; the message says how to
    /// get them.
    /// </exception>
    /// <exception cref="IOException">The download failed; the message says what to do by hand.</exception>
    public static string FileOf(
        string name,
        IRunObserver? observer = null,
        CancellationToken cancellationToken = default
    )
    {
        PretrainedNetwork known = PretrainedNetworks.ByName(name);
        string model = PretrainedWeights.CachedModel(name);
        if (!File.Exists(model))
        {
            Libtorch.Load();
            using CompactNetwork network = PretrainedWeights.Load(
                known,
                name,
                known.Architecture.Resolution,
                new NetworkOptions(),
                observer ?? NullRunObserver.Instance,
                cancellationToken
            );
            Write(network, known, ImageNetClasses.Names, isImageNet: true, name, model, cancellationToken);
        }

        return model;
    }

    private static double Write(
        CompactNetwork network,
        PretrainedNetwork known,
        IReadOnlyList<string> classes,
        bool isImageNet,
        string weights,
        string model,
        CancellationToken cancellationToken
    )
    {
        byte[] onnx = NetworkExporter.Export(
            network.Architecture,
            new TrainedWeights(network),
            new ExportOptions
            {
                Mean = known.Input.Mean,
                Deviation = known.Input.Deviation,
                Classes = classes,
                ClassIdentifiers = isImageNet ? ImageNetClasses.Synsets : [],
                Preprocessing = known.Input.RecipeAt(network.Architecture.Resolution),
                Provenance = new Dictionary<string, string>(known.Architecture.Metadata)
                {
                    [PretrainedNetworks.WeightsKey] = Path.GetFileName(weights),
                    [PretrainedNetworks.OriginKey] = known.Origin,
                    [PretrainedNetworks.LicenseKey] = known.License,
                    [LibraryVersion.Key] = LibraryVersion.Text,
                },
            }
        );
        double difference = Compare(network, onnx, known.Input);
        cancellationToken.ThrowIfCancellationRequested();
        AtomicFile.WriteAllBytes(model, onnx);
        return difference;
    }

    private static IReadOnlyList<string> ClassNames(string? file, int classes)
    {
        if (file is null)
        {
            return classes == ImageNetClasses.Count
                ? ImageNetClasses.Names
                : [.. Enumerable.Range(0, classes).Select(i => Invariant($"class {i}"))];
        }

        string[] names = ClassNameFile.Read(file);
        return names.Length == classes
            ? names
            : throw new InvalidInputException(
                $"{file} holds {names.Length} class names, and the network has {classes} outputs; give a line for each"
            )
            {
                File = file,
            };
    }

    private static double Compare(CompactNetwork network, byte[] onnx, PretrainedInput input)
    {
        int side = network.Architecture.Resolution;
        var random = new Random(1);
        float[] pixels = new float[ComparedImages * 3 * side * side];
        float[] normalized = new float[pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            int channel = i / (side * side) % 3;
            pixels[i] = random.NextSingle();
            normalized[i] = (pixels[i] - input.Mean[channel]) / input.Deviation[channel];
        }

        using var withoutGraph = no_grad();
        using Tensor plain = tensor(normalized, [ComparedImages, 3, side, side]);
        using Tensor images = MemoryLayout.ChannelsLast(plain);
        using Tensor logits = network.Forward(images, NormPass.Evaluation);
        float[] expected = logits.data<float>().ToArray();
        using OnnxClassifier model = OnnxClassifier.Load(onnx, "model.onnx");
        float[] actual = model.Run(pixels, ComparedImages);
        if (!Array.TrueForAll(expected, float.IsFinite) || !Array.TrueForAll(actual, float.IsFinite))
        {
            throw new InvalidInputException(
                "the network's scores are no finite numbers; its weights are damaged, or too large for single precision"
            );
        }

        double largest = expected.Zip(actual, (one, other) => Math.Abs(one - other)).Max();
        double scale = Math.Max(1, expected.Max(Math.Abs));
        return largest <= Tolerance * scale
            ? largest
            : throw new InvalidInputException(
                Invariant(
                    $"the model's scores differ from the network's by up to {largest:G3} (scores up to {scale:G3}): "
                        + $"the weights are of another network, or damaged"
                )
            );
    }
}
