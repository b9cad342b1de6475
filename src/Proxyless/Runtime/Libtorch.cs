using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Proxyless.Runtime;

/// <summary>
/// Loads libtorch before the first touch of <c>torch</c>: tunes the allocator while no tensor exists yet and makes
/// LibTorchSharp loadable on systems whose libstdc++ is older than the one it was built against.
/// </summary>
public static class Libtorch
{
    private const string Name = "LibTorchSharp";
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <summary>Loads libtorch; the second call and later ones do nothing.</summary>
    /// <param name="tuneAllocator">Whether to keep freed memory for the next tensor (<see cref="Allocator"/>).</param>
    /// <exception cref="InvalidInputException">The native libraries are missing or do not load; the message says which.</exception>
    public static void Load(bool tuneAllocator = true)
    {
        lock (Gate)
        {
            if (_loaded)
            {
                return;
            }

            if (tuneAllocator)
            {
                Allocator.Tune();
            }

            OpenMp.WaitPassively();
            if (OperatingSystem.IsLinux())
            {
                LoadOnLinux();
            }

            // The first touch: TorchSharp finds the library loaded, or its own search does as on any other system.
            torch.InitializeDeviceType(DeviceType.CPU);
            _loaded = true;
        }
    }

    private static void LoadOnLinux()
    {
        Assembly assembly = typeof(torch).Assembly;
        string folder = NativeFolder("libtorch_cpu.so");
        string library = Path.Combine(folder, $"lib{Name}.so");

        // The patched copy stands elsewhere, so its dependencies must be there by name before it is loaded.
        foreach (string dependency in (ReadOnlySpan<string>)["libc10.so", "libtorch_cpu.so", "libtorch.so"])
        {
            NativeLibrary.Load(Path.Combine(folder, dependency));
        }

        if (NativeLibrary.TryLoad(library, out nint handle))
        {
            return;
        }

        string patched = LibstdcxxPatch.CachedCopy(library);
        try
        {
            handle = NativeLibrary.Load(patched);
        }
        catch (DllNotFoundException exception)
        {
            throw new InvalidInputException(
                $"{library} does not load, nor does the copy {patched} made for older systems: {exception.Message}", exception);
        }

        // TorchSharp asks for the library by name, its P/Invokes do so too; both are answered with the loaded copy.
        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(assembly)!;
        context.ResolvingUnmanagedDll += (_, name) => name == Name ? handle : 0;
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Name ? handle : 0);
    }

    private static string NativeFolder(string file)
    {
        string searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        string rid = $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        string[] folders =
        [
            .. searched.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            AppContext.BaseDirectory,
            Path.Combine(AppContext.BaseDirectory, "runtimes", rid, "native"),
        ];
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, file)))
            ?? throw new InvalidInputException(
                $"{file} was not found in {string.Join(", ", folders.Distinct())}; reference the package libtorch-cpu-{rid} in the executable's project");
    }
}
