using Proxyless.Measurement;

namespace Proxyless.Runtime;

/// <summary>
/// libtorch's threads (GNU OpenMP) spin while they wait for each other. On a machine with other work, a spinning thread
/// occupies the processor that the other one needs: with one competing process on two cores a step took six times as
/// long. Sleeping has no measurable cost on an idle machine (docs/decisions/threads.md).
/// </summary>
internal static class OpenMp
{
    private const string Policy = "OMP_WAIT_POLICY";

    /// <summary>
    /// Lets waiting threads sleep, unless the user's environment says otherwise. Call it before libtorch is loaded.
    /// </summary>
    public static void WaitPassively()
    {
        if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(Policy) is null)
        {
            NativeEnvironment.SetUnlessSet(Policy, "passive");
        }
    }
}
