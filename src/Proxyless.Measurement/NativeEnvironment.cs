using System.Runtime.InteropServices;

namespace Proxyless.Measurement;

/// <summary>
/// Variables of this process's environment as native libraries see them: on Unix
/// <see cref="Environment.SetEnvironmentVariable(string, string)"/> writes to .NET's own copy. Call it before the
/// library that reads the variable is loaded, and on one thread at a time.
/// </summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable, unless the user has set it.</summary>
    public static void SetUnlessSet(string name, string value)
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable(name, Environment.GetEnvironmentVariable(name) ?? value);
        }
        else
        {
            _ = SetEnvironment(name, value, overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
