using System.Runtime.CompilerServices;

namespace Proxyless.Tests.Runner;

/// <summary>
/// Keeps the tests apart from what the user's folders hold: caches and targets are those of this process, and gone with
/// it.
/// </summary>
internal static class TestFolders
{
    [ModuleInitializer]
    internal static void Begin()
    {
        string root = Directory.CreateTempSubdirectory("proxyless-test-process-").FullName;
        foreach (string name in (string[])["cache", "targets"])
        {
            Environment.SetEnvironmentVariable(
                $"PROXYLESS_{name.ToUpperInvariant()}",
                Directory.CreateDirectory(Path.Combine(root, name)).FullName
            );
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(root);
    }

    private static void Remove(string root)
    {
        try
        {
            Directory.Delete(root, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A library that is still loaded, on Windows: the system clears its temporary folder itself, and no test
            // has failed.
        }
    }
}
