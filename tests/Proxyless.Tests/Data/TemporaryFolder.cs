using System.Diagnostics;
using Xunit;

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

    /// <summary>Makes a named pipe, and returns its path. Not on Windows.</summary>
    public string AddPipe(string path)
    {
        string pipe = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(pipe)!);
        using var make = Process.Start("mkfifo", [pipe]);
        make.WaitForExit();
        Assert.Equal(0, make.ExitCode);
        return pipe;
    }

    /// <summary>Copies a folder under another name and returns its path.</summary>
    public string Copy(string from, string name)
    {
        string to = Path.Combine(Root, name);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return to;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
