namespace Proxyless.Files;

/// <summary>Files that can be read as often as needed, unlike pipes and devices.</summary>
internal static class RegularFile
{
    /// <summary>
    /// The length in bytes of the file that a path leads to: a link has the length of its own text. 0 if nothing is
    /// there, or a folder, a pipe or a device.
    /// </summary>
    public static long LengthOf(string path) =>
        RealPath.OfExisting(path) is { } real && new FileInfo(real) is { Exists: true } file ? file.Length : 0;
}
