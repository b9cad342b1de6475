namespace Proxyless.Inference;

/// <summary>
/// A file is not a readable image: another format, cut off, damaged, or too large. The message names the file.
/// </summary>
public sealed class UnreadableImageException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public UnreadableImageException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which file, and what is wrong with it.</param>
    public UnreadableImageException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">Which file, and what is wrong with it.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public UnreadableImageException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>
    /// The number of pixels, width times height, of an image that has too many; null if that is not the reason.
    /// </summary>
    public long? Pixels { get; init; }
}
