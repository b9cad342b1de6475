namespace Proxyless.Files;

/// <summary>The system's folder of temporary files, which may be full or missing.</summary>
internal static class TemporaryPlace
{
    /// <summary>Writes a file that the caller removes.</summary>
    /// <param name="bytes">Its content.</param>
    /// <param name="ending">The end of its name, such as <c>.onnx</c>.</param>
    /// <returns>Its path, with an unpredictable name.</returns>
    /// <exception cref="InvalidInputException">There is no such folder; the message names the variable.</exception>
    /// <exception cref="IOException">The folder is full or cannot be written; nothing is left there.</exception>
    public static string Write(byte[] bytes, string ending)
    {
        string file = Path.Combine(Path.GetTempPath(), $"proxyless-{Guid.NewGuid():N}{ending}");
        try
        {
            File.WriteAllBytes(file, bytes);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            FileRemoval.Try(file);
            throw Refused(exception);
        }
    }

    /// <summary>Creates a folder that the caller removes.</summary>
    /// <returns>Its path, with an unpredictable name.</returns>
    /// <exception cref="InvalidInputException">There is no such folder; the message names the variable.</exception>
    /// <exception cref="IOException">The folder is full or cannot be written.</exception>
    public static string CreateFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("proxyless-").FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(exception);
        }
    }

    private static Exception Refused(Exception cause)
    {
        string folder = Path.GetTempPath();
        string message =
            $"the temporary folder '{folder}' cannot be written: {cause.Message}; free space there, or set "
            + $"{(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")} to a folder that can be written";
        return Directory.Exists(folder)
            ? new IOException(message, cause)
            : new InvalidInputException(message, cause) { File = folder };
    }
}
