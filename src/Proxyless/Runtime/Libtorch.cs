using System.Runtime.InteropServices;
using TorchSharp;

namespace Proxyless.Runtime;

/// <summary>
/// Loads libtorch before the first touch of <c>torch</c>, so that what is missing is said in one sentence. What else
/// the process needs is set by <see cref="ProxylessRuntime.Configure"/>.
/// </summary>
internal static class Libtorch
{
    /// <summary>TorchSharp's native library, as its P/Invokes name it.</summary>
    internal const string Name = "LibTorchSharp";

    private const string LargestFile = "libtorch_cpu.so";
    private static readonly Lock Gate = new();
    private static bool _loaded;
    private static int? _threads;

    /// <summary>Loads libtorch; the second call and later ones do nothing.</summary>
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

            // Before the first touch: that cannot be repeated, and copies half a gigabyte of libraries before it fails.
            PatchedLibrary.RequireIfNeeded();
            try
            {
                torch.InitializeDeviceType(DeviceType.CPU);
            }
            catch (Exception exception)
                when (exception is NotSupportedException or TypeInitializationException or DllNotFoundException)
            {
                // TorchSharp's message goes on with a protocol of all that it has tried.
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

    /// <summary>Where the package of libtorch has put its files.</summary>
    /// <exception cref="InvalidInputException">
    /// They are nowhere; the message says which package brings them.
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
