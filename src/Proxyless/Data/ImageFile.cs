using Proxyless.Inference;

namespace Proxyless.Data;

/// <summary>Reads image files, and reports what is wrong with one as for all unusable input.</summary>
internal static class ImageFile
{
    /// <summary>Reads the bytes of a file.</summary>
    /// <exception cref="InvalidInputException">It cannot be read.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: {exception.Message}", exception) { File = path };
        }
    }

    /// <summary>Describes what is wrong with an image, and what can be done about it.</summary>
    public static InvalidInputException Refused(UnreadableImageException exception) =>
        new(Description(exception), exception);

    /// <summary>
    /// The same for an image of a set. A run keeps its limit and its images, so what can be done helps only before it
    /// begins. It is told in the same words before and after: the warnings of a run that is resumed are kept once.
    /// </summary>
    public static InvalidInputException RefusedOfSet(UnreadableImageException exception) =>
        new(
            Description(exception) + (exception.Pixels is null ? "" : "; a run that has begun goes on without it"),
            exception
        );

    private static string Description(UnreadableImageException exception) =>
        exception.Pixels switch
        {
            null => exception.Message,
            > DatasetOptions.MostPixels =>
                $"{exception.Message}, for no more than {DatasetOptions.MostPixels} can be allowed",
            { } pixels => $"{exception.Message}, or allow them by DatasetOptions.MaxPixels = {pixels}",
        };
}
