namespace Proxyless.Training;

/// <summary>
/// A loss, or a weight, became infinite or NaN: the learning rate is too high for the network and its data.
/// </summary>
public sealed class TrainingDivergedException : ProxylessException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public TrainingDivergedException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is no longer finite, at which step, and the fix.</param>
    public TrainingDivergedException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What is no longer finite, at which step, and the fix.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public TrainingDivergedException(string message, Exception innerException)
        : base(message, innerException) { }
}
