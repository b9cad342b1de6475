namespace Proxyless;

/// <summary>
/// The caller's input cannot be used: an option, a file or a folder. The message names it, its value and the remedy.
/// </summary>
public sealed class InvalidInputException : ProxylessException
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public InvalidInputException() { }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, with the value and the remedy.</param>
    public InvalidInputException(string message)
        : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What is wrong, with the value and the remedy.</param>
    /// <param name="innerException">The exception that was caught.</param>
    public InvalidInputException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Creates the exception for a file that the system cannot read.</summary>
    /// <param name="what">What to call it.</param>
    /// <param name="file">Its path.</param>
    /// <param name="cause">The exception that was caught.</param>
    internal static InvalidInputException Unreadable(string what, string file, Exception cause) =>
        new($"{what} cannot be read: {cause.Message}", cause) { File = file };

    /// <summary>The file or folder that cannot be used; null if it is not one, or not known.</summary>
    public string? File { get; init; }

    /// <summary>
    /// The property of the options, such as <c>TrainingOptions.LearningRate</c>, or the key of the file; null if it is
    /// neither.
    /// </summary>
    public string? Property { get; init; }

    /// <summary>The value as text; null if there is none.</summary>
    public string? Value { get; init; }
}
