using System.Text;

namespace Proxyless.Files;

/// <summary>
/// Texts that people write: much larger ones are files of another kind, and are not read to their end. Those that
/// programs write may be of any size.
/// </summary>
internal static class TextFile
{
    private const int MostCharacters = 64 << 20;
    private const int BufferCharacters = 1 << 16;

    /// <summary>Reads a text in UTF-8, or as its byte order mark says.</summary>
    /// <exception cref="InvalidInputException">It is larger than any such text.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static string Read(string path)
    {
        RequireSize(path);
        using var reader = new StreamReader(path);
        var text = new StringBuilder();
        char[] buffer = new char[BufferCharacters];
        int read;
        while ((read = reader.Read(buffer)) > 0)
        {
            // Devices and pipes do not tell their length.
            text.Append(buffer, 0, read);
            if (text.Length > MostCharacters)
            {
                throw TooLarge(path);
            }
        }

        return text.ToString();
    }

    /// <summary>Reads a text that a program has written, of any size.</summary>
    /// <exception cref="InvalidInputException">It cannot be read; the message names it.</exception>
    public static string ReadNamed(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw InvalidInputException.Unreadable(path, path, exception);
        }
    }

    private static void RequireSize(string path)
    {
        // A character has a byte or more.
        if (RegularFile.LengthOf(path) > MostCharacters)
        {
            throw TooLarge(path);
        }
    }

    private static InvalidInputException TooLarge(string path) =>
        new($"{path} is larger than {MostCharacters >> 20} MB, which no such text is; give another file")
        {
            File = path,
        };
}
