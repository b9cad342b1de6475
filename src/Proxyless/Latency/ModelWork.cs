using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Latency;

/// <summary>
/// Work with models in this process's ONNX Runtime: the memory that a model needs grows with the images of a run.
/// </summary>
internal static class ModelWork
{
    /// <summary>Loads or runs models.</summary>
    /// <param name="target">The target's name, for the message.</param>
    /// <param name="images">Images per run.</param>
    /// <param name="work">Does it.</param>
    /// <exception cref="InvalidInputException">
    /// ONNX Runtime cannot run a model, or there is not enough memory for that many images; the message has its words.
    /// </exception>
    public static T Do<T>(string target, int images, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (IsOfModel(exception))
        {
            throw new InvalidInputException(
                $"target '{target}': a model cannot be run there: {exception.Message}{Remedy(images)}",
                exception
            );
        }
    }

    /// <summary>Whether an error is one of a model, or of the memory that it needs.</summary>
    public static bool IsOfModel(Exception exception) =>
        exception is OnnxRuntimeException or OverflowException or OutOfMemoryException;

    /// <summary>What to do about the memory, to follow a message; empty for one image a run.</summary>
    /// <param name="images">Images per run.</param>
    public static string Remedy(int images) =>
        images > 1 ? Invariant($"; if there is too little memory for {images} images a run, give fewer") : "";
}
