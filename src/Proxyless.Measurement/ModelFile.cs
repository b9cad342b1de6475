namespace Proxyless.Measurement;

/// <summary>Reads model files at once.</summary>
internal static class ModelFile
{
    // Where a file of ONNX ends, and with it what is read at once.
    private const long MostBytes = int.MaxValue;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is empty, a pipe or a device, or larger than any model.</exception>
    public static byte[] Read(string path)
    {
        FileSystemInfo file = File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path);
        if (file is FileInfo { Exists: true, Length: 0 })
        {
            // Opened, a pipe with a name would be waited for.
            throw NotRegular(path);
        }

        using FileStream stream = File.OpenRead(path);
        if (!stream.CanSeek)
        {
            throw NotRegular(path);
        }

        if (stream.Length > MostBytes)
        {
            throw new InvalidDataException($"'{path}' is no model: it is larger than 2 GB, where ONNX ends");
        }

        byte[] onnx = new byte[stream.Length];
        stream.ReadExactly(onnx);
        return onnx;
    }

    private static InvalidDataException NotRegular(string path) =>
        new($"'{path}' is empty, or a pipe or a device; give a regular file");
}
