using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Proxyless.Runtime;

/// <summary>
/// Answers TorchSharp's search for its native library with the copy that <see cref="LibstdcxxPatch"/> creates.
/// </summary>
internal static class PatchedLibrary
{
    private static readonly Lazy<nint> Handle = new(Load);

    /// <summary>Whether this system's libstdc++ is too old for TorchSharp's native library.</summary>
    public static bool IsNeeded { get; } =
        OperatingSystem.IsLinux()
        && NativeLibrary.TryLoad("libstdc++.so.6", out nint library)
        && !NativeLibrary.TryGetExport(library, LibstdcxxPatch.Symbol, out _);

    private static bool IsInstalled { get; set; }

    /// <summary>Starts to answer; the copy is created on first use.</summary>
    /// <exception cref="InvalidOperationException">The program has set its own resolver.</exception>
    public static void Install()
    {
        Assembly assembly = typeof(torch).Assembly;
        try
        {
            NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => Answer(name));
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException(
                "TorchSharp's assembly has a resolver of native libraries already "
                    + "(NativeLibrary.SetDllImportResolver), and "
                    + $"this system's libstdc++ is too old to load {Libtorch.Name} as shipped; "
                    + $"call {ProxylessRuntime.Call} instead of setting one, or switch "
                    + $"{nameof(RuntimeOptions.SupportOldLibstdcxx)} off and load the library yourself",
                exception
            );
        }

        // TorchSharp first requests the library by name, which no resolver sees; then its P/Invokes request it.
        AssemblyLoadContext.GetLoadContext(assembly)!.ResolvingUnmanagedDll += (_, name) => Answer(name);
        IsInstalled = true;
    }

    /// <summary>Ensures that TorchSharp will find a library that loads.</summary>
    /// <exception cref="InvalidInputException">
    /// It will not; the message names the call that fixes it, or what prevents it.
    /// </exception>
    public static void RequireIfNeeded()
    {
        if (IsInstalled)
        {
            _ = Handle.Value;
        }
        else if (IsNeeded && !IsLoadable())
        {
            throw new InvalidInputException(
                $"{Libtorch.Name} does not load: it needs libstdc++ 13 or newer, which this system does not have; "
                    + $"call {ProxylessRuntime.Call}() at the start of the program, which makes it loadable"
            );
        }
    }

    /// <summary>Whether it loads as TorchSharp does it: the program may have its own solution.</summary>
    private static bool IsLoadable()
    {
        Assembly assembly = typeof(torch).Assembly;
        return NativeLibrary.TryLoad("torch_cpu", assembly, null, out _)
            && NativeLibrary.TryLoad(Libtorch.Name, assembly, null, out _);
    }

    private static nint Answer(string name) => name == Libtorch.Name ? Handle.Value : 0;

    private static nint Load()
    {
        string folder = Libtorch.NativeFolder();
        string library = Path.Combine(folder, $"lib{Libtorch.Name}.so");

        // The copy is in another folder, so its dependencies must be known by name before it is loaded.
        foreach (string dependency in (ReadOnlySpan<string>)["libc10.so", "libtorch_cpu.so", "libtorch.so"])
        {
            NativeLibrary.Load(Path.Combine(folder, dependency));
        }

        string patched = LibstdcxxPatch.CachedCopy(library);
        try
        {
            return NativeLibrary.Load(patched);
        }
        catch (DllNotFoundException exception)
        {
            throw new InvalidInputException(
                $"{library} does not load, nor does the copy {patched} made for older systems: {exception.Message}",
                exception
            );
        }
    }
}
