using Proxyless.Files;

namespace Proxyless.Data;

/// <summary>A file of class names, one a line.</summary>
internal static class ClassNameFile
{
    /// <summary>Reads the names; empty lines are none.</summary>
    /// <exception cref="InvalidInputException">
    /// The file cannot be read, or a name is there twice or has a control character.
    /// </exception>
    public static string[] Read(string path)
    {
        string text;
        try
        {
            text = TextFile.Read(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw InvalidInputException.Unreadable(path, path, exception);
        }

        string[] names = [.. text.Split('\n', '\r').Select(line => line.Trim()).Where(line => line.Length > 0)];
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            ClassName.RequireOneLine(path, name, "change the line");

            // Answers are counted by name: of two classes of one name, the second would have none.
            if (!keys.Add(ClassName.Key(name)))
            {
                throw new InvalidInputException($"{path} names '{name}' twice; give each class a name of its own.")
                {
                    File = path,
                };
            }
        }

        return names;
    }
}
