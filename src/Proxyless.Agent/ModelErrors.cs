using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Agent;

/// <summary>What loading or running a model throws where the model is to blame, not the agent.</summary>
internal static class ModelErrors
{
    public static bool Includes(Exception exception) =>
        exception is OnnxRuntimeException or ArgumentException or OverflowException or OutOfMemoryException;
}
