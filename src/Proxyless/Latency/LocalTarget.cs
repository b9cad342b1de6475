using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>This machine's processor as a target, used as it will be deployed: a number of threads, a number of images a run.</summary>
/// <param name="Threads">Threads of one run.</param>
/// <param name="Batch">Images of one run; every latency is of a whole batch.</param>
public sealed record LocalTarget(int Threads = 1, int Batch = 1) : ITarget
{
    /// <summary>Threads that a run is given at most.</summary>
    internal const int MostThreads = 1024;

    /// <summary>Images that a run is given at most.</summary>
    internal const int MostImages = 65536;

    private const string Processor = "cpu";

    /// <summary>The forms that <see cref="Parse"/> takes, for messages and help.</summary>
    public const string Forms = "cpu (one thread, one image), cpu:THREADS, cpu:THREADS:BATCH such as cpu:2:32";

    /// <summary>The shortest text that <see cref="Parse"/> reads as this target.</summary>
    public string Name => (Threads, Batch) switch
    {
        (1, 1) => Processor,
        (_, 1) => $"{Processor}:{Threads}",
        _ => $"{Processor}:{Threads}:{Batch}",
    };

    /// <summary>All that a latency depends on beside the network: tables of one identity are interchangeable.</summary>
    public string Id => $"{ProcessorInfo.Name}, {Threads} threads, batch {Batch}, ONNX Runtime {ProcessorInfo.OnnxRuntimeVersion}";

    /// <inheritdoc/>
    public bool MakesTables => true;

    /// <summary>Whether a text names this kind of target.</summary>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text == Processor || text.StartsWith($"{Processor}:", StringComparison.Ordinal);
    }

    /// <summary>Reads <c>cpu</c>, <c>cpu:2</c> or <c>cpu:2:32</c>.</summary>
    /// <exception cref="InvalidInputException">The text is none of <see cref="Forms"/>, or asks for more threads than the machine has processors, or for too many images.</exception>
    public static LocalTarget Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        if (parts[0] != Processor || parts.Length > 3)
        {
            throw Unknown(text);
        }

        int threads = Count(parts, 1, text);
        if (threads > Environment.ProcessorCount)
        {
            throw new InvalidInputException(
                $"target '{text}' asks for {threads} threads, this machine has {Environment.ProcessorCount} processors; allowed are {Forms}");
        }

        int images = Count(parts, 2, text);
        return images <= MostImages
            ? new LocalTarget(threads, images)
            : throw new InvalidInputException($"target '{text}' asks for {images} images a run; allowed are 1 to {MostImages}");
    }

    /// <inheritdoc/>
    public LatencyTable MakeTable(
        SearchSpace space, int classes, ProfileMode mode, string? partial, IRunObserver observer, CancellationToken cancellation) =>
        LatencyProfiler.Profile(space, classes, this, mode, observer, cancellation);

    /// <inheritdoc/>
    public NetworkLatency Measure(
        Architecture architecture, byte[] onnx, SearchSpace space, int classes, LatencyTable table, CancellationToken cancellation) =>
        NetworkLatency.Measure(onnx, space, classes, table, this, TimingOptions.Thorough, cancellation);

    /// <inheritdoc/>
    public Timing Time(byte[] onnx, CancellationToken cancellation)
    {
        using var model = new OnnxModel(onnx, Threads, Batch);
        return OnnxTimer.Measure(model, TimingOptions.Thorough, cancellation);
    }

    private static int Count(string[] parts, int index, string text)
    {
        if (index >= parts.Length)
        {
            return 1;
        }

        return int.TryParse(parts[index], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count >= 1
            ? count
            : throw Unknown(text);
    }

    private static InvalidInputException Unknown(string text) => new($"target '{text}' is unknown; allowed are {Forms}");
}
