using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// An execution provider of this machine's ONNX Runtime other than its processor: mainly a graphics card. Node times
/// mean nothing there, since kernels are only queued; each part is timed as a separate model, including the transfer of
/// its images to the device and back. We have not run it on any such device.
/// </summary>
/// <param name="name">The text that names the target, as <see cref="TargetFile.Open"/> takes it.</param>
/// <param name="provider">The provider that computes the model.</param>
/// <param name="device">Which of the machine's devices of this kind, from 0.</param>
/// <param name="threads">Threads of the processor besides the device.</param>
/// <param name="batch">Images per run.</param>
internal sealed class ProviderTarget(string name, ExecutionProvider provider, int device, int threads, int batch)
    : WholeModelTarget
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Id =>
        $"{provider} device {device} beside {ProcessorInfo.Name}, {threads} threads, batch {batch}, ONNX Runtime "
        + $"{ProcessorInfo.OnnxRuntimeVersion}";

    /// <inheritdoc/>
    public override int Batch => batch;

    /// <inheritdoc/>
    protected internal override Timing Time(byte[] onnx, TimingOptions options, CancellationToken cancellationToken)
    {
        using OnnxModel model = Load(onnx);
        return ModelWork.Do(name, batch, () => OnnxTimer.Measure(model, options, cancellationToken));
    }

    private OnnxModel Load(byte[] onnx)
    {
        try
        {
            return new OnnxModel(onnx, threads, batch, provider, device);
        }
        catch (Exception exception) when (ModelWork.IsOfModel(exception))
        {
            throw new InvalidInputException(
                $"target '{name}': {provider} cannot be started on device {device}: {exception.Message}; check "
                    + $"its driver and its vendor's libraries{ModelWork.Remedy(batch)}",
                exception
            );
        }
    }
}
