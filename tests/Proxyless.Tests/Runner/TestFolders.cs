using System.Runtime.CompilerServices;

namespace Proxyless.Tests.Runner;

/// <summary>Keeps the tests apart from what the user's folders hold: caches and targets are those of this process, and gone with it.</summary>
internal static class TestFolders
{
    [ModuleInitializer]
    internal static void Begin()
    {
        string root = Directory.CreateTempSubdirectory("proxyless-test-process-").FullName;
        foreach (string name in (string[])["cache", "targets"])
        {
            Environment.SetEnvironmentVariable($"PROXYLESS_{name.ToUpperInvariant()}", Directory.CreateDirectory(Path.Combine(root, name)).FullName);
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
    }
}
