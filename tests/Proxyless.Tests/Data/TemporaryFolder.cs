namespace Proxyless.Tests.Data;

/// <summary>A folder that is gone when the test is over.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Root = Directory.CreateTempSubdirectory("proxyless-").FullName;

    public string Root { get; }

    /// <summary>Writes a file, its folders included, and returns its path.</summary>
    public string Add(string path, byte[] bytes)
    {
        string file = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
