using Proxyless.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>Where tensors live: <c>cpu</c> or <c>cuda</c>.</summary>
internal static class ComputeDevice
{
    /// <summary>Parses the name of a device.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</param>
    /// <exception cref="InvalidInputException">
    /// The name is unknown, or this build of libtorch has no such device.
    /// </exception>
    /// <remarks>
    /// The CUDA path needs an executable built with a libtorch-cuda package. No test runs it; what is known of it is in
    /// docs/decisions/cuda.md.
    /// </remarks>
    public static Device Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "cpu")
        {
            return CPU;
        }

        if (name != "cuda" && !name.StartsWith("cuda:", StringComparison.Ordinal))
        {
            throw new InvalidInputException($"RunOptions.Device = '{name}' is unknown; allowed are cpu and cuda");
        }

        if (!cuda.is_available())
        {
            throw new InvalidInputException(
                $"RunOptions.Device = {name}: this build has no CUDA device; use RunOptions.Device = cpu, or build "
                    + $"against a libtorch-cuda package on a machine with one"
            );
        }

        // A process of a group has a card of its own, also where the run was begun alone on a certain one.
        int index = 0;
        if (
            !OwnCard.IsChosen
            && name.Length > 5
            && (!int.TryParse(name.AsSpan(5), out index) || index < 0 || index >= cuda.device_count())
        )
        {
            throw new InvalidInputException(
                $"RunOptions.Device = '{name}': there are {cuda.device_count()} CUDA devices, numbered from 0"
            );
        }

        // Matrix products in TF32 keep 10 bits of 23: then an exported model's scores differ from the network's by a
        // hundredth, and the check of the export fails.
        backends.cuda.matmul.allow_tf32 = false;
        backends.cudnn.allow_tf32 = false;
        return new Device(DeviceType.CUDA, index);
    }
}
