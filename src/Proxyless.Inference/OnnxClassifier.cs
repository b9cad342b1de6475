using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.OnnxRuntime;
using Proxyless.Measurement;

namespace Proxyless.Inference;

/// <summary>
/// The JSON in a model's metadata, read without reflection, so that programs that use a model can be trimmed.
/// </summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class MetadataJson : JsonSerializerContext;

/// <summary>
/// An image classifier, loaded from a model file that Proxyless exported. The file's metadata holds everything it
/// needs: the classes, and how an image becomes an input. One instance may be used by several threads at once.
/// </summary>
public sealed class OnnxClassifier : IDisposable
{
    /// <summary>The metadata key of the class names, a JSON array of strings.</summary>
    internal const string ClassesKey = "classes";

    /// <summary>The metadata key of identifiers of the classes, a JSON array of strings; may be missing.</summary>
    internal const string ClassIdentifiersKey = "class_identifiers";

    /// <summary>The metadata key of the side of the input in pixels.</summary>
    internal const string ResolutionKey = "resolution";

    /// <summary>The prefix of the metadata keys that tell where a model comes from.</summary>
    internal const string ProvenancePrefix = "provenance.";

    /// <summary>The key, after the prefix, that tells whether a model is for small images.</summary>
    internal const string SmallImagesKey = "small_images";

    private readonly string _name;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();

    private OnnxClassifier(InferenceSession session, string name)
    {
        _name = name;
        _session = session;
        Metadata = session.ModelMetadata.CustomMetadataMap;
        Classes = JsonSerializer.Deserialize(Required(ClassesKey), MetadataJson.Default.StringArray) ?? [];
        ClassIdentifiers = Metadata.TryGetValue(ClassIdentifiersKey, out string? identifiers)
            ? JsonSerializer.Deserialize(identifiers, MetadataJson.Default.StringArray) ?? []
            : [];
        Resolution = int.Parse(Required(ResolutionKey), CultureInfo.InvariantCulture);

        // The metadata and the graph's inputs and outputs must match, or a run would fail within the runtime.
        int[] input = ShapeOf(session.InputMetadata, 4);
        int[] output = ShapeOf(session.OutputMetadata, 2);
        Channels = input[1];
        if (
            Channels is not (1 or 3)
            || Resolution < 1
            || input[2] != Resolution
            || input[3] != Resolution
            || Classes.Contains(null!)
            || ClassIdentifiers.Contains(null!)
            || (ClassIdentifiers.Count > 0 && ClassIdentifiers.Count != Classes.Count)
            || output[1] != Classes.Count
        )
        {
            throw new FormatException(
                $"an input of {string.Join("x", input)} and an output of {string.Join("x", output)} are not those of "
                    + $"{Classes.Count} classes and images of {Resolution} pixels"
            );
        }

        Preprocessing = RecipeOf(Metadata, Resolution, Channels);
        if (Preprocessing.Resolution != Resolution || Preprocessing.Channels != Channels)
        {
            throw new FormatException(
                $"its recipe makes {Preprocessing.Channels}x{Preprocessing.Resolution}x{Preprocessing.Resolution}, "
                    + $"its input is {Channels}x{Resolution}x{Resolution}"
            );
        }
    }

    /// <summary>The names of the classes in the order of the outputs.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Identifiers of the classes in the same order, such as WordNet synsets; empty where the model has none.
    /// </summary>
    public IReadOnlyList<string> ClassIdentifiers { get; }

    /// <summary>Side of the square input in pixels.</summary>
    public int Resolution { get; }

    /// <summary>Channels of the input: 3 for color, 1 for gray.</summary>
    public int Channels { get; }

    /// <summary>How an image becomes the input.</summary>
    public PreprocessingRecipe Preprocessing { get; }

    /// <summary>All of the model's metadata by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Loads a model file.</summary>
    /// <param name="path">An ONNX file written by Proxyless.</param>
    /// <param name="threads">Threads per run.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is not an ONNX model, lacks the metadata of a classifier, is empty, or is a pipe or a device.
    /// </exception>
    public static OnnxClassifier Load(string path, int threads = 1) => Load(ModelFile.Read(path), path, threads);

    /// <summary>Loads a model from memory.</summary>
    /// <param name="onnx">The bytes of an ONNX file written by Proxyless.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="threads">Threads per run.</param>
    /// <exception cref="InvalidDataException">
    /// The bytes are not an ONNX model, or lack the metadata of a classifier.
    /// </exception>
    public static OnnxClassifier Load(byte[] onnx, string name, int threads = 1)
    {
        using SessionOptions options = OnnxSessions.Options(threads);
        InferenceSession? session = null;
        try
        {
            session = new InferenceSession(onnx, options);
            return new OnnxClassifier(session, name);
        }
        catch (Exception exception)
            when (exception is OnnxRuntimeException or JsonException or FormatException or OverflowException)
        {
            session?.Dispose();
            throw new InvalidDataException(
                $"'{name}' is not a classifier that Proxyless exported: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Returns the most probable classes of an image.</summary>
    /// <param name="path">A JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="top">The most classes to return.</param>
    /// <param name="maxPixels">The most pixels, width times height, of an image that is read.</param>
    /// <returns>The classes, most probable first.</returns>
    /// <exception cref="UnreadableImageException">The file is not an image, is cut off or has more pixels.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">The model's scores are not finite.</exception>
    public IReadOnlyList<ClassProbability> Classify(
        string path,
        int top = 5,
        long maxPixels = ImageDecoder.DefaultMaxPixels
    ) => Classify(File.ReadAllBytes(path), path, top, maxPixels);

    /// <summary>Returns the most probable classes of an image in memory.</summary>
    /// <param name="encoded">The bytes of a JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="top">The most classes to return.</param>
    /// <param name="maxPixels">The most pixels, width times height, of an image that is read.</param>
    /// <returns>The classes, most probable first.</returns>
    /// <exception cref="UnreadableImageException">
    /// The bytes are not an image, are cut off or have more pixels.
    /// </exception>
    /// <exception cref="InvalidDataException">The model's scores are not finite.</exception>
    public IReadOnlyList<ClassProbability> Classify(
        byte[] encoded,
        string name,
        int top = 5,
        long maxPixels = ImageDecoder.DefaultMaxPixels
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        float[] shares = Softmax.Of(Scores(Prepare(encoded, name, maxPixels), 1));
        return
        [
            .. shares
                .Zip(Classes, (share, label) => new ClassProbability(label, share))
                .OrderByDescending(one => one.Probability)
                .Take(top),
        ];
    }

    /// <summary>Converts an image to an input according to <see cref="Preprocessing"/>.</summary>
    /// <param name="encoded">The bytes of a JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="name">Its name in messages.</param>
    /// <param name="maxPixels">The most pixels, width times height, of an image that is read.</param>
    /// <returns>[Channels, Resolution, Resolution], for <see cref="Run"/>.</returns>
    /// <exception cref="UnreadableImageException">
    /// The bytes are not an image, are cut off or have more pixels.
    /// </exception>
    public float[] Prepare(byte[] encoded, string name, long maxPixels = ImageDecoder.DefaultMaxPixels)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        using EncodedImage image = EncodedImage.Open(encoded, name, maxPixels);
        var square = new float[Preprocessing.Length];
        Preprocessor.Scale(image, Preprocessing, square);
        return Preprocessor.ToInput(Preprocessing, square);
    }

    /// <summary>As <see cref="Run"/>, for answers: they need finite numbers.</summary>
    /// <exception cref="InvalidDataException">The model's scores are not finite.</exception>
    internal float[] Scores(ReadOnlySpan<float> images, int count)
    {
        float[] scores = Run(images, count);
        return Array.TrueForAll(scores, float.IsFinite)
            ? scores
            : throw new InvalidDataException(
                $"'{_name}': its scores are not finite; its weights are damaged, export it again"
            );
    }

    /// <summary>Runs the model on prepared inputs.</summary>
    /// <param name="images">[n, Channels, Resolution, Resolution], according to <see cref="Preprocessing"/>.</param>
    /// <param name="count">n, the number of images.</param>
    /// <returns>Logits, [n, Classes].</returns>
    /// <exception cref="ArgumentException">The span does not hold <paramref name="count"/> images.</exception>
    public float[] Run(ReadOnlySpan<float> images, int count)
    {
        long[] shape = [count, Channels, Resolution, Resolution];
        if (images.Length != count * Channels * Resolution * Resolution)
        {
            throw new ArgumentException(
                $"{count} images of {Channels}x{Resolution}x{Resolution} are "
                    + $"{count * Channels * Resolution * Resolution} numbers, not {images.Length}",
                nameof(images)
            );
        }

        using IDisposableReadOnlyCollection<OrtValue> outputs = OnnxSessions.Run(_session, _runOptions, images, shape);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private string Required(string key) =>
        Metadata.TryGetValue(key, out string? value)
            ? value
            : throw new FormatException($"its metadata has no '{key}'");

    /// <summary>
    /// The recipe of the metadata. Models from before there were recipes only say whether they are for small images.
    /// </summary>
    private static PreprocessingRecipe RecipeOf(
        IReadOnlyDictionary<string, string> metadata,
        int resolution,
        int channels
    )
    {
        if (metadata.TryGetValue(PreprocessingRecipe.MetadataKey, out string? json))
        {
            return PreprocessingRecipe.Parse(json);
        }

        return metadata.GetValueOrDefault(ProvenancePrefix + SmallImagesKey) == "true"
            ? PreprocessingRecipe.ForSmallImages(resolution, channels)
            : PreprocessingRecipe.ForPhotographs(resolution, channels);
    }

    private static int[] ShapeOf(IReadOnlyDictionary<string, NodeMetadata> nodes, int rank) =>
        nodes.Count == 1
        && nodes.Values.Single()
            is { IsTensor: true, ElementDataType: Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float } node
        && node.Dimensions.Length == rank
        && node.Dimensions[0] == -1
            ? node.Dimensions
            : throw new FormatException($"one float tensor of {rank} dimensions is expected, the first of them free");

    /// <inheritdoc/>
    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }
}
