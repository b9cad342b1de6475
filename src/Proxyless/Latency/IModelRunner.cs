namespace Proxyless.Latency;

/// <summary>
/// A target with a processor of its own that runs models on images: the answers of integer models depend on it.
/// </summary>
internal interface IModelRunner
{
    /// <summary>Runs a model there.</summary>
    /// <param name="onnx">The bytes of its ONNX file; it has one float input and one float output.</param>
    /// <param name="images">[images, ...], row-major.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>[images, classes]: the scores; null if the target runs no models on images.</returns>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">The target cannot run the model.</exception>
    float[]? Answer(byte[] onnx, ReadOnlyMemory<float> images, int count, CancellationToken cancellationToken);
}
