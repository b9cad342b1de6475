using System.Runtime.CompilerServices;
using Xunit;

namespace Proxyless.Tests.Data;

/// <summary>
/// Images too large to stand in the repository: in PROXYLESS_TEST_DATA, else in shared/data beside the repository.
/// </summary>
internal static class SharedData
{
    /// <summary>A file or folder of it; skips the test where it is absent.</summary>
    public static string Path(string name)
    {
        string? root = Environment.GetEnvironmentVariable("PROXYLESS_TEST_DATA");
        if (string.IsNullOrEmpty(root))
        {
            root = System.IO.Path.Combine(Repository(), "..", "shared", "data");
        }

        string path = System.IO.Path.Combine(root, name);
        Assert.SkipUnless(System.IO.Path.Exists(path), $"{name} is not in PROXYLESS_TEST_DATA nor in ../shared/data.");
        return path;
    }

    /// <summary>The repository's folder, from where this file stood when it was compiled.</summary>
    private static string Repository([CallerFilePath] string source = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(source)!, "..", "..", ".."));
}
