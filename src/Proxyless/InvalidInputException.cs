namespace Proxyless;

/// <summary>
/// What the user gave cannot be used: a file, an option or a limit. The message names it, its value and the fix; the
/// command line prints it without a stack trace and exits with code 2.
/// </summary>
public class InvalidInputException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public InvalidInputException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, with the value and the fix.</param>
    public InvalidInputException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What is wrong, with the value and the fix.</param>
    /// <param name="innerException">What was caught.</param>
    public InvalidInputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
