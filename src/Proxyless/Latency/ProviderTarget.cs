using Microsoft.ML.OnnxRuntime;
using Proxyless.Architectures;
using Proxyless.Measurement;
using Proxyless.Spaces;

namespace Proxyless.Latency;

/// <summary>
/// An execution provider of this machine's ONNX Runtime other than its processor: a graphics card above all. Node times say nothing
/// there, for kernels are only queued; each part is timed as a model of its own, the way of its images to the device and back included.
/// Not run by us on any such device.
/// </summary>
/// <param name="Name">What stands for the target on a command line.</param>
/// <param name="Provider">What computes the model.</param>
/// <param name="Device">Which of the machine's devices of this kind, from 0.</param>
/// <param name="Threads">Threads of the processor beside it.</param>
/// <param name="Batch">Images of one run.</param>
public sealed record ProviderTarget(string Name, ExecutionProvider Provider, int Device = 0, int Threads = 1, int Batch = 1) : ITarget
{
    /// <inheritdoc/>
    public string Id => $"{Provider} device {Device} beside {ProcessorInfo.Name}, {Threads} threads, batch {Batch}, ONNX Runtime {ProcessorInfo.OnnxRuntimeVersion}";

    /// <inheritdoc/>
    public bool MakesTables => true;

    /// <inheritdoc/>
    public LatencyTable MakeTable(
        SearchSpace space, int classes, ProfileMode mode, string? partial, IRunObserver observer, CancellationToken cancellation)
    {
        TimingOptions timing = ProfilePlan.Of(mode).NetworkTiming;
        return new PartProfiler(this, (onnx, stop) => Time(onnx, timing, stop).QuietMs).Profile(space, classes, mode, partial, observer, cancellation);
    }

    /// <inheritdoc/>
    public NetworkLatency Measure(
        Architecture architecture, byte[] onnx, SearchSpace space, int classes, LatencyTable table, CancellationToken cancellation) =>
        new PartProfiler(this, (model, stop) => Time(model, TimingOptions.Quick, stop).QuietMs).Compare(onnx, space, classes, table, cancellation);

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The provider cannot be started.</exception>
    public Timing Time(byte[] onnx, CancellationToken cancellation) => Time(onnx, TimingOptions.Thorough, cancellation);

    private Timing Time(byte[] onnx, TimingOptions timing, CancellationToken cancellation)
    {
        using OnnxModel model = Load(onnx);
        return OnnxTimer.Measure(model, timing, cancellation);
    }

    private OnnxModel Load(byte[] onnx)
    {
        try
        {
            return new OnnxModel(onnx, Threads, Batch, Provider, Device);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidInputException(
                $"target '{Name}': {Provider} cannot be started on device {Device}: {exception.Message}; look after its driver and its maker's libraries", exception);
        }
    }
}
