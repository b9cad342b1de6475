using Proxyless.Architectures;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>A target that runs models, so that latencies can be measured there.</summary>
public interface IModelTimer : ITarget
{
    /// <summary>
    /// Whether models of floats are timed in their integer form: the target is one for integer models.
    /// </summary>
    bool TimesIntegers => false;

    /// <summary>Times a single model.</summary>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">The target cannot run the model.</exception>
    Timing Time(byte[] onnx, CancellationToken cancellationToken = default);

    /// <summary>Times a network and a reference network alternately.</summary>
    /// <param name="onnx">The bytes of the network's ONNX file.</param>
    /// <param name="reference">The bytes of the reference network's ONNX file.</param>
    /// <param name="referenceMs">The reference network's latency in milliseconds at the time of the table.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">The target cannot run the models.</exception>
    NetworkLatency Compare(
        byte[] onnx,
        byte[] reference,
        double referenceMs,
        CancellationToken cancellationToken = default
    );

    /// <summary>Measures the latency table of a space.</summary>
    /// <param name="space">The space, at the resolution of its use.</param>
    /// <param name="classes">Number of outputs of the classifier.</param>
    /// <param name="mode">How carefully to measure.</param>
    /// <param name="partial">
    /// A file that keeps the measurements so far, or null; a target that measures slowly continues from it. It stays:
    /// remove it once the table is stored.
    /// </param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops between two measurements.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">The target cannot run the parts of the space.</exception>
    LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken = default
    );
}
