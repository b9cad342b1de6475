namespace Proxyless.Latency;

/// <summary>
/// A target that times one whole model at a time, and therefore the parts of a space as models of their own
/// (<see cref="PartProfiler"/>).
/// </summary>
internal interface IPartTimer : IModelTimer
{
    /// <summary>Times a model as carefully as a profile does.</summary>
    /// <param name="onnx">The bytes of its ONNX file.</param>
    /// <param name="mode">How carefully.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <returns>
    /// Milliseconds, and how far other work disturbed the measurement (<see cref="Disturbance"/>); null if the target
    /// cannot tell.
    /// </returns>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">The target cannot run the model.</exception>
    (double Milliseconds, double? Disturbance) TimePart(
        byte[] onnx,
        ProfileMode mode,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Rejects a device that is not what it was when it was first used: its times do not go with the earlier ones. A
    /// device that is always the same has nothing to do.
    /// </summary>
    /// <param name="cancellationToken">Stops the question.</param>
    /// <exception cref="TargetUnavailableException">The target cannot be reached.</exception>
    /// <exception cref="InvalidInputException">It is another one.</exception>
    void RequireSame(CancellationToken cancellationToken) { }
}
