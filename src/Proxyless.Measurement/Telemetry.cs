namespace Proxyless.Measurement;

/// <summary>
/// ONNX Runtime's official builds for Linux and macOS report to their maker from version 1.31 on, unless the
/// environment says otherwise before the library is first used. Whoever measures or deploys a model has not asked for
/// that: it is the one setting of the process that is made without being asked for.
/// </summary>
internal static class Telemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    static Telemetry() => NativeEnvironment.SetUnlessSet(Variable, "1");

    /// <summary>Switches it off for this process; to be called before anything of ONNX Runtime is.</summary>
    public static void SwitchOff()
    {
        // The static constructor has done it, once.
    }
}
