using System.Globalization;
using Proxyless.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Proxyless.Runtime;

/// <summary>Where tensors live: <c>cpu</c> or <c>cuda</c>.</summary>
internal static class ComputeDevice
{
    /// <summary>The name of the processor.</summary>
    public const string Cpu = "cpu";

    private const string Cuda = "cuda";
    private const string NumberedCuda = "cuda:";

    /// <summary>
    /// Whether this machine, with this build of libtorch, has a device; true for a name that <see cref="Parse"/> does
    /// not know.
    /// </summary>
    /// <param name="name">The name of the device.</param>
    public static bool IsAvailable(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsCuda(name))
        {
            return true;
        }

        Libtorch.Load();
        return cuda.is_available() && (OwnCard.IsChosen || IndexOf(name) < cuda.device_count());
    }

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
        if (name == Cpu)
        {
            return CPU;
        }

        if (!IsCuda(name))
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
        int index = OwnCard.IsChosen ? 0 : IndexOf(name);
        if (index < 0 || index >= cuda.device_count())
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

    private static bool IsCuda(string name) => name == Cuda || name.StartsWith(NumberedCuda, StringComparison.Ordinal);

    /// <returns>-1 if what follows the colon is not a number.</returns>
    private static int IndexOf(string name) =>
        name == Cuda ? 0
        : int.TryParse(name.AsSpan(NumberedCuda.Length), CultureInfo.InvariantCulture, out int index) ? index
        : -1;
}
