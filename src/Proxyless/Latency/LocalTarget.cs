using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Quantization;

namespace Proxyless.Latency;

/// <summary>
/// This machine's processor as a target, used as in deployment: with a number of threads and a number of images per
/// run.
/// </summary>
/// <param name="Threads">Threads per run.</param>
/// <param name="Batch">Images per run; every latency is of a whole batch.</param>
public sealed record LocalTarget(int Threads = 1, int Batch = 1) : IModelTimer, IProcessorTarget
{
    // The placement of ONNX Runtime's memory makes a network some percent faster or slower for the life of a session.
    private const int Sessions = 5;

    // Of a slow network in one session; in all of them they are as many as of others in one.
    private const int LeastRuns = 6;
    private const int LeastWarmUpRuns = 2;
    private const string Processor = "cpu";

    /// <summary>The forms that <see cref="Parse"/> takes, for messages and help.</summary>
    public const string Forms = "cpu (one thread, one image), cpu:THREADS, cpu:THREADS:BATCH such as cpu:2:32";

    /// <summary>The shortest text that <see cref="TargetFile.Open"/> reads as this target.</summary>
    public string Name =>
        (Threads, Batch) switch
        {
            (1, 1) => Processor,
            (_, 1) => $"{Processor}:{Threads}",
            _ => $"{Processor}:{Threads}:{Batch}",
        } + (TimesIntegers ? IntegerModels.Suffix : "");

    /// <inheritdoc/>
    public bool TimesIntegers { get; init; }

    /// <summary>
    /// All that a latency depends on besides the network: tables of one identity are interchangeable.
    /// </summary>
    public string Id =>
        $"{ProcessorInfo.Name}, {Threads} threads, batch {Batch}, ONNX Runtime {ProcessorInfo.OnnxRuntimeVersion}"
        + (TimesIntegers ? IntegerModels.Identity : "");

    /// <inheritdoc/>
    bool? IProcessorTarget.SaturatesIntegers => IntegerArithmetic.Saturates;

    /// <summary>Whether a text names this kind of target.</summary>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text == Processor || text.StartsWith($"{Processor}:", StringComparison.Ordinal);
    }

    /// <summary>Reads <c>cpu</c>, <c>cpu:2</c> or <c>cpu:2:32</c>.</summary>
    /// <exception cref="InvalidInputException">
    /// The text is not one of <see cref="Forms"/>, or asks for more threads than the machine has processors, or for too
    /// many images.
    /// </exception>
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
                $"target '{text}' asks for {threads} threads, this machine has {Environment.ProcessorCount} "
                    + $"processors; allowed are {Forms}"
            );
        }

        int images = Count(parts, 2, text);
        return images <= RunLimits.MostImages
            ? new LocalTarget(threads, images)
            : throw new InvalidInputException(
                $"target '{text}' asks for {images} images a run; allowed are 1 to {RunLimits.MostImages}"
            );
    }

    /// <inheritdoc/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    ) => LatencyProfiler.Profile(space, classes, this, mode, observer, cancellationToken);

    /// <inheritdoc/>
    public NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken = default
    ) => Compare(onnx, reference, referenceMs, TimingOptions.Thorough, cancellationToken);

    /// <inheritdoc/>
    public Timing Time(byte[] onnx, CancellationToken cancellationToken = default) =>
        Work(() =>
        {
            using OnnxModel model = Load(onnx);
            return OnnxTimer.Measure(model, TimingOptions.Thorough, cancellationToken);
        });

    /// <summary>Does nothing: no resources are held.</summary>
    public void Dispose() { }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => default;

    /// <summary>
    /// Times a network and a reference alternately, one run of each, in several sessions of ONNX Runtime.
    /// </summary>
    /// <param name="onnx">The bytes of the network's ONNX file.</param>
    /// <param name="reference">The bytes of the reference network's ONNX file.</param>
    /// <param name="referenceMs">The reference network's latency in milliseconds at the time of the table.</param>
    /// <param name="options">
    /// The bounds of a session, but for the time, which is that of all sessions together: networks that are too slow
    /// for the fewest runs in it have fewer, but at least <see cref="LeastRuns"/> a session.
    /// </param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    internal NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        TimingOptions options,
        CancellationToken cancellationToken
    )
    {
        TimingOptions each = OfSession(options, referenceMs);
        var turns = new List<(Timing Reference, Timing Network)>();
        for (int i = 0; i < Sessions; i++)
        {
            using OnnxModel other = Load(reference);
            using OnnxModel model = Load(onnx);
            IReadOnlyList<InterleavedTiming> timings = Work(() =>
                InterleavedTimer.Measure([other, model], each, cancellationToken)
            );
            turns.Add((timings[0].Timing, timings[1].Timing));
        }

        return NetworkLatency.Of(turns, timing => timing.QuietMs, referenceMs);
    }

    /// <summary>The options of one session.</summary>
    /// <param name="options">Those of all sessions together.</param>
    /// <param name="referenceMs">Milliseconds of a run; two networks have twice the time.</param>
    internal static TimingOptions OfSession(TimingOptions options, double referenceMs)
    {
        TimingOptions each = options with { MaxTime = options.MaxTime / Sessions };
        double fit = each.MaxTime.TotalMilliseconds / referenceMs;
        return fit >= each.MinRuns
            ? each
            : each with
            {
                MinRuns = Math.Min(each.MinRuns, Math.Max(LeastRuns, (int)fit)),
                WarmUpRuns = Math.Min(each.WarmUpRuns, LeastWarmUpRuns),
            };
    }

    /// <summary>Loads a model as it is timed here.</summary>
    /// <exception cref="InvalidInputException">ONNX Runtime cannot load it, or lacks the memory for it.</exception>
    internal OnnxModel Load(byte[] onnx) => Work(() => new OnnxModel(Form(onnx), Threads, Batch));

    /// <summary>Loads or runs models here.</summary>
    /// <param name="work">Does it.</param>
    /// <exception cref="InvalidInputException">ONNX Runtime cannot run a model, or lacks the memory for it.</exception>
    internal T Work<T>(Func<T> work) => ModelWork.Do(Name, Batch, work);

    /// <summary>The form of a model that is timed here.</summary>
    internal byte[] Form(byte[] onnx) => TimesIntegers ? UntrainedIntegers.Of(onnx) : onnx;

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

    private static InvalidInputException Unknown(string text) =>
        new($"target '{text}' is unknown; allowed are {Forms}");
}
