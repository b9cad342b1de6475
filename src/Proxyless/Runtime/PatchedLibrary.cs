using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Proxyless.Runtime;

/// <summary>
/// Answers TorchSharp's search for its native library with the copy that <see cref="LibstdcxxPatch"/> makes.
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

    /// <summary>Begins to answer; the copy is made when it is first asked for.</summary>
    /// <exception cref="InvalidOperationException">The program has set a resolver of its own.</exception>
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

        // TorchSharp first asks for the library by name, which no resolver hears of; then its P/Invokes do.
        AssemblyLoadContext.GetLoadContext(assembly)!.ResolvingUnmanagedDll += (_, name) => Answer(name);
        IsInstalled = true;
    }

    /// <summary>Makes sure that TorchSharp will find a library that loads.</summary>
    /// <exception cref="InvalidInputException">
    /// It will not; the message names the call that mends it, or what is in the way.
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

    /// <summary>Whether it loads as TorchSharp does it: the program may have seen to it by itself.</summary>
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

        // The copy stands elsewhere, so its dependencies must be there by name before it is loaded.
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
