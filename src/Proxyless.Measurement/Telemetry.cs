namespace Proxyless.Measurement;

/// <summary>
/// ONNX Runtime's official builds for Linux and macOS send reports to their maker from version 1.31 on, unless the
/// environment says otherwise before the library is first used. A user who measures or deploys a model has not
/// requested that: it is the only setting of the process that is made without a request.
/// </summary>
internal static class Telemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    static Telemetry() => NativeEnvironment.SetUnlessSet(Variable, "1");

    /// <summary>Switches it off for this process; call it before any use of ONNX Runtime.</summary>
    public static void SwitchOff()
    {
        // The static constructor has done it, once.
    }
}
