using System.Security.Cryptography;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Weights;
using static TorchSharp.torch;

namespace Proxyless.Pretrained;

/// <summary>Networks with weights by others, from a file or, by name, from the cache.</summary>
internal static class PretrainedWeights
{
    private const string Kind = "weights";

    private const string Converted = "converted.safetensors";

    /// <summary>Whether weights are given by a name and not by a file.</summary>
    public static bool IsName(string weights) => PretrainedNetworks.Names.Contains(weights);

    /// <summary>Returns the network of a name, or of the file of an architecture.</summary>
    /// <param name="nameOrFile">A known name, an <c>architecture.json</c> or a <c>net.config</c>.</param>
    /// <exception cref="InvalidInputException">There is neither; or the network is not for color images.</exception>
    public static PretrainedNetwork NetworkOf(string nameOrFile)
    {
        if (IsName(nameOrFile))
        {
            return PretrainedNetworks.ByName(nameOrFile);
        }

        if (!File.Exists(nameOrFile))
        {
            throw new InvalidInputException(
                $"there is no pretrained network and no file '{nameOrFile}'"
                    + NearestName.Suggestion(nameOrFile, PretrainedNetworks.Names)
                    + "; give an architecture.json, a net.config, or one of "
                    + string.Join(", ", PretrainedNetworks.Names)
            );
        }

        Architecture architecture = ArchitectureFile.Read(nameOrFile);
        return architecture.InputChannels == 3
            ? new PretrainedNetwork(
                architecture with
                {
                    Metadata = PretrainedNetworks.WithoutWeights(architecture.Metadata),
                },
                [],
                ArchitectureFile.EpsilonOf(nameOrFile) ?? BatchNorm.Epsilon,
                PretrainedInput.Usual,
                nameOrFile,
                "",
                null,
                PretrainedSource.None
            )
            {
                File = nameOrFile,
            }
            : throw new InvalidInputException(
                $"{nameOrFile}: a network of {architecture.InputChannels} channels is not imported"
            )
            {
                File = nameOrFile,
            };
    }

    /// <summary>
    /// A network from a file, with what the file does not say: how its code computes batch norm and prepares images.
    /// Whose code it is, the names of the weights tell. A known network stays as it is.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="weights">The tensors of its weights.</param>
    /// <param name="file">What to call their file in messages.</param>
    /// <param name="observer">Is told what was taken; null for nobody.</param>
    /// <exception cref="InvalidInputException">The names of the weights are of no known code.</exception>
    public static PretrainedNetwork Completed(
        PretrainedNetwork network,
        WeightsFile weights,
        string file,
        IRunObserver? observer = null
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.File is null)
        {
            return network;
        }

        // Every net.config that is written here states the epsilon of the networks here, whatever the weights are.
        var naming = TensorNaming.Of(weights, file);
        bool isStated = network.Epsilon != BatchNorm.Epsilon;
        PretrainedNetwork completed = network with
        {
            Epsilon = isStated ? network.Epsilon : naming.EpsilonOf(network.Architecture),
            Input = naming.InputOf(network.Architecture),
        };
        observer?.Message(
            Invariant($"'{file}' has the names of {naming.Name}: batch norm adds {completed.Epsilon:0.#######} to the ")
                + (isStated ? $"variance, as '{network.File}' states" : "variance")
                + $"; images are {completed.Input.ToWords()}"
        );
        return completed;
    }

    /// <summary>Creates the network with the weights of a file, for as many classes as its classifier has.</summary>
    /// <param name="known">The network.</param>
    /// <param name="weights">The file's tensors.</param>
    /// <param name="file">What to call the file in messages.</param>
    /// <param name="resolution">Side of the images in pixels.</param>
    /// <param name="options">How the network is created.</param>
    /// <exception cref="InvalidInputException">The weights are not the network's.</exception>
    public static CompactNetwork Create(
        PretrainedNetwork known,
        WeightsFile weights,
        string file,
        int resolution,
        NetworkOptions options
    ) =>
        Create(
            known,
            weights,
            file,
            resolution,
            options,
            TensorNaming.Of(weights, file).ClassesOf(weights, known.Architecture.Head.Width)
                ?? known.Architecture.Classes
        );

    private static CompactNetwork Create(
        PretrainedNetwork known,
        WeightsFile weights,
        string file,
        int resolution,
        NetworkOptions options,
        int classes
    )
    {
        double epsilon = Completed(known, weights, file).Epsilon;

        // One file with many networks.
        OnceForAllNetwork? cut = OnceForAll.Is(weights) ? OnceForAll.Cut(weights, known.Architecture, file) : null;
        return Filled(
            known.Architecture.WithInput(resolution, known.Architecture.InputChannels, classes),
            options,
            network =>
            {
                WeightsImport.Copy(network, known.Depths, cut?.Weights ?? weights, epsilon, file);
                network.KernelTransforms = cut?.Transforms;
            }
        );
    }

    /// <summary>
    /// Reads the network in a file, and says which of its state dicts is taken if it has several.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="stateDict">Which state dict; null: the moving average, if there is one.</param>
    /// <param name="observer">Receives the message.</param>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public static WeightsFile Read(string file, string? stateDict, IRunObserver observer)
    {
        WeightsFile weights = Read(file, stateDict);
        if (weights.StateDicts.Count > 1)
        {
            string other = stateDict is null ? $"; {WeightsFile.AnotherStateDict}" : "";
            observer.Message(
                $"'{file}' holds {NameList.Of(weights.StateDicts)}; '{weights.StateDict}' is taken{other}"
            );
        }

        return weights;
    }

    /// <summary>Reads the network in a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stateDict">Which state dict; null: the moving average, if there is one.</param>
    /// <exception cref="InvalidInputException">The file cannot be read.</exception>
    public static WeightsFile Read(string file, string? stateDict = null)
    {
        RegularFile.Require(file, file);
        return TensorNaming.Within(WeightsFile.Read(file, stateDict));
    }

    /// <summary>Creates a network with its weights: of a file, or by name from the cache or its origin.</summary>
    /// <param name="known">The network.</param>
    /// <param name="weights">The network's name, or a file.</param>
    /// <param name="resolution">Side of the images in pixels.</param>
    /// <param name="options">How the network is created.</param>
    /// <param name="observer">Receives progress reports and messages.</param>
    /// <param name="cancellationToken">Stops a download; the next call continues.</param>
    /// <exception cref="InvalidInputException">
    /// The file cannot be read, its weights are not the network's, or those of a name are neither in the cache nor
    /// offered for download.
    /// </exception>
    /// <exception cref="IOException">The download failed.</exception>
    public static CompactNetwork Load(
        PretrainedNetwork known,
        string weights,
        int resolution,
        NetworkOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        if (!IsName(weights))
        {
            return Create(known, Read(weights, null, observer), weights, resolution, options);
        }

        string kept = CachedFile(weights);
        if (!File.Exists(kept))
        {
            using var handler = new HttpClientHandler();
            string file = WeightsDownload
                .GetAsync(weights, known.Source, handler, observer, cancellationToken)
                .GetAwaiter()
                .GetResult();
            CompactNetwork network = Create(
                known,
                Read(file, null, observer),
                file,
                resolution,
                options,
                known.Architecture.Classes
            );
            TryKeep(weights, network, observer);
            return network;
        }

        var saved = SafeTensorsFile.Read(kept);
        return Filled(
            known.Architecture.WithInput(resolution, known.Architecture.InputChannels, known.Architecture.Classes),
            options,
            network =>
            {
                saved.CopyTo(network.Tensors, kept);
                network.KernelTransforms = KernelTransforms.Of(saved.Tensors);
            }
        );
    }

    /// <summary>Keeps the weights of a known network in the cache, where they are found by its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="network">The network.</param>
    public static void Keep(string name, CompactNetwork network)
    {
        Directory.CreateDirectory(FolderOf(name));

        // A model with other weights.
        File.Delete(CachedModel(name));
        using var scope = NewDisposeScope();
        (string, Tensor)[] matrices =
        [
            .. (network.KernelTransforms?.Tensors ?? []).Select(one =>
                (one.Name, tensor(one.Matrix.Values, one.Matrix.Shape))
            ),
        ];
        SafeTensorsFile.Write(
            CachedFile(name),
            [.. network.Tensors.Select(tensor => (tensor.Name, tensor.Value)), .. matrices],
            new Dictionary<string, string> { [PretrainedNetworks.MetadataKey] = name }
        );
    }

    /// <summary>The same; if the cache cannot be written, that is said, and the network is used all the same.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="network">The network.</param>
    /// <param name="observer">Is warned.</param>
    public static void TryKeep(string name, CompactNetwork network, IRunObserver observer)
    {
        try
        {
            Keep(name, network);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidInputException)
        {
            string older = CachedFile(name);
            string then = File.Exists(older) ? $"; until then, runs of it use the older weights in '{older}'" : "";
            observer.Warning(
                $"the weights of '{name}' cannot be kept in the cache ({exception.Message}); free some space there, or "
                    + $"set PROXYLESS_CACHE to another folder{then}"
            );
        }
    }

    /// <summary>The same; if other weights were kept, that is said, since the name now stands for these.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="network">The network.</param>
    /// <param name="file">The file with its weights.</param>
    /// <param name="observer">Receives the message, and warnings.</param>
    public static void TryReplace(string name, CompactNetwork network, string file, IRunObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        byte[]? before = HashOf(CachedFile(name));
        TryKeep(name, network, observer);
        if (before is not null && HashOf(CachedFile(name)) is { } after && !after.SequenceEqual(before))
        {
            observer.Message($"'{name}' now stands for the weights in '{file}', instead of others that were kept");
        }
    }

    /// <summary>Where the weights of a known network are kept.</summary>
    internal static string CachedFile(string name) => Path.Combine(FolderOf(name), Converted);

    /// <summary>Where a known network is kept as a model.</summary>
    internal static string CachedModel(string name) => Path.Combine(FolderOf(name), "model.onnx");

    /// <summary>The folder of a known network in the cache; it need not exist yet.</summary>
    internal static string FolderOf(string name) => Path.Combine(CacheFolder.Of(Kind), name);

    private static byte[]? HashOf(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return SHA256.HashData(stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static CompactNetwork Filled(Architecture architecture, NetworkOptions options, Action<CompactNetwork> fill)
    {
        var network = new CompactNetwork(architecture, options);
        try
        {
            fill(network);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
