using System.Runtime.InteropServices;

namespace Proxyless.Measurement;

/// <summary>
/// ONNX Runtime's official builds for Linux and macOS report to their maker from version 1.31 on, unless the environment says
/// otherwise before the library is first used. Whoever measures or deploys a model has not asked for that.
/// </summary>
internal static partial class Telemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    static Telemetry()
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable(Variable, Environment.GetEnvironmentVariable(Variable) ?? "1");
        }
        else
        {
            // The runtime's own SetEnvironmentVariable does not reach native code here. What the user has set stays.
            _ = SetEnvironment(Variable, "1", overwrite: 0);
        }
    }

    /// <summary>Switches it off for this process; to be called before anything of ONNX Runtime is.</summary>
    public static void SwitchOff()
    {
        // The static constructor has done it, once.
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
