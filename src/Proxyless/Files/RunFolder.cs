namespace Proxyless.Files;

/// <summary>
/// Notices that the folder of a run has gone while its job works: what is written then would make a folder that nobody
/// can continue.
/// </summary>
internal static class RunFolder
{
    /// <summary>Whether a folder is that of a run, which has a configuration from its beginning to its end.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, WrittenFiles.RunConfig));

    /// <summary>Rejects a folder of a run that is gone.</summary>
    /// <exception cref="DirectoryNotFoundException">It is gone, or another one has taken its place.</exception>
    public static void Require(string folder)
    {
        try
        {
            File.GetAttributes(Path.Combine(folder, WrittenFiles.RunConfig));
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or FileNotFoundException)
        {
            throw Gone(folder, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file server that does not answer for a moment: what is written next says whether it does.
        }
    }

    /// <summary>What to report of a failure: that the folder of the run is gone, if that is the reason.</summary>
    public static Exception CauseOf(string folder, Exception failure) =>
        failure is IOException && !Is(folder) ? Gone(folder, failure) : failure;

    private static DirectoryNotFoundException Gone(string folder, Exception? cause) =>
        new($"the run's folder '{folder}' is gone: it was removed or moved, or its disk is no longer there", cause);
}
