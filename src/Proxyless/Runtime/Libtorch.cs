using System.Runtime.InteropServices;
using TorchSharp;

namespace Proxyless.Runtime;

/// <summary>
/// Loads libtorch before the first use of <c>torch</c>, so that a missing library gives a one-sentence error. Other
/// settings of the process are made by <see cref="ProxylessRuntime.Configure"/>.
/// </summary>
internal static class Libtorch
{
    /// <summary>TorchSharp's native library, by the name in its P/Invokes.</summary>
    internal const string Name = "LibTorchSharp";

    private const string LargestFile = "libtorch_cpu.so";
    private static readonly Lock Gate = new();
    private static bool _loaded;
    private static int? _threads;

    /// <summary>Loads libtorch; later calls do nothing.</summary>
    /// <exception cref="InvalidInputException">
    /// The native libraries are missing or do not load; the message says which, and the remedy.
    /// </exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_loaded)
            {
                return;
            }

            // Before the first use: that cannot be repeated, and copies half a gigabyte of libraries before it fails.
            PatchedLibrary.RequireIfNeeded();
            try
            {
                torch.InitializeDeviceType(DeviceType.CPU);
            }
            catch (Exception exception)
                when (exception is NotSupportedException or TypeInitializationException or DllNotFoundException)
            {
                // TorchSharp's message continues with a log of everything that it tried.
                string reason = exception.GetBaseException().Message.Split('\n')[0];
                throw OperatingSystem.IsLinux() && FolderOnLinux() is null
                    ? MissingOnLinux()
                    : new InvalidInputException($"libtorch does not load: {reason}", exception);
            }

            if (_threads is { } threads)
            {
                torch.set_num_threads(threads);
            }

            _loaded = true;
        }
    }

    /// <summary>Sets libtorch's threads, now or when it is loaded.</summary>
    internal static void UseThreads(int threads)
    {
        lock (Gate)
        {
            _threads = threads;
            if (_loaded)
            {
                torch.set_num_threads(threads);
            }
        }
    }

    /// <summary>The folder of libtorch's files from its package.</summary>
    /// <exception cref="InvalidInputException">
    /// They do not exist; the message says which package contains them.
    /// </exception>
    internal static string NativeFolder() => FolderOnLinux() ?? throw MissingOnLinux();

    private static string Rid => $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";

    private static string[] FoldersOnLinux =>
        [
            .. (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(
                Path.PathSeparator,
                StringSplitOptions.RemoveEmptyEntries
            ),
            AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", Rid, "native"),
        ];

    private static string? FolderOnLinux() =>
        FoldersOnLinux.FirstOrDefault(folder => File.Exists(Path.Combine(folder, LargestFile)));

    private static InvalidInputException MissingOnLinux() =>
        new(
            $"{LargestFile} was not found in {string.Join(", ", FoldersOnLinux.Distinct())}; "
                + $"reference the package libtorch-cpu-{Rid} in the executable's project"
        );
}
