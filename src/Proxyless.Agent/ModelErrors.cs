using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Agent;

/// <summary>The exceptions of loading or running a model that are caused by the model, not by the agent.</summary>
internal static class ModelErrors
{
    public static bool Includes(Exception exception) =>
        exception is OnnxRuntimeException or ArgumentException or OverflowException or OutOfMemoryException;
}
