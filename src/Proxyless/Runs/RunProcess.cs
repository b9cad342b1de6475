using Proxyless.Networks;
using Proxyless.Runtime;

namespace Proxyless.Runs;

/// <summary>The settings that a job makes for the whole process, in one place.</summary>
internal static class RunProcess
{
    /// <summary>Loads libtorch and sets its threads if the options give a number.</summary>
    /// <param name="options">Threads, device and kernels.</param>
    /// <param name="observer">Is warned of too many threads, and of incorrect convolutions on this processor.</param>
    /// <returns>Threads of training and decoding.</returns>
    public static int Prepare(RunOptions options, IRunObserver observer)
    {
        Libtorch.Load();
        int threads = ThreadCount.OfLibtorch(options.Threads, observer);
        WarnOfWrongConvolutions(options, observer);
        return threads;
    }

    /// <summary>
    /// The options of a run for another job on its results: threads and a device that this machine does not have were
    /// those of the machine of the run.
    /// </summary>
    /// <param name="begun">The options that the run began with.</param>
    public static RunOptions OnThisMachine(RunOptions begun)
    {
        ArgumentNullException.ThrowIfNull(begun);
        return begun with
        {
            Threads = begun.Threads > Environment.ProcessorCount ? null : begun.Threads,
            Device = ComputeDevice.IsAvailable(begun.Device) ? begun.Device : ComputeDevice.Cpu,
        };
    }

    private static void WarnOfWrongConvolutions(RunOptions options, IRunObserver observer)
    {
        if (
            options is { Kernels: BlockKernels.Libtorch, Device: ComputeDevice.Cpu }
            && ConvolutionCheck.WrongOutputs() is { Count: > 0 } wrong
        )
        {
            observer.Warning(
                $"libtorch's 1x1 convolutions are wrong on this processor (to {string.Join(", ", wrong)} channels, "
                    + $"of a few that were tried), "
                    + "and networks trained with them may be too; begin a run without BlockKernels.Libtorch"
            );
        }
    }
}
