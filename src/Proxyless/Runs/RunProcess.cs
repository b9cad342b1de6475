using Proxyless.Networks;
using Proxyless.Runtime;
using TorchSharp;

namespace Proxyless.Runs;

/// <summary>What a job sets for the whole process, in one place.</summary>
internal static class RunProcess
{
    /// <summary>Loads libtorch and sets its threads and seed.</summary>
    /// <param name="options">Threads, seed, device and kernels.</param>
    /// <param name="observer">Is warned of too many threads, and of convolutions that are wrong here.</param>
    /// <returns>Threads of training and decoding.</returns>
    public static int Prepare(RunOptions options, IRunObserver observer)
    {
        Libtorch.Load();
        int threads = ThreadCount.Of(options.Threads, observer);
        torch.set_num_threads(threads);
        torch.random.manual_seed(options.Seed);
        WarnOfWrongConvolutions(options, observer);
        return threads;
    }

    private static void WarnOfWrongConvolutions(RunOptions options, IRunObserver observer)
    {
        if (options is { Kernels: BlockKernels.Libtorch, Device: "cpu" }
            && ConvolutionCheck.WrongOutputs() is { Count: > 0 } wrong)
        {
            observer.Warning(
                $"libtorch's 1x1 convolutions are wrong on this processor (to {string.Join(", ", wrong)} channels, of a few that were tried), "
                + "and networks trained with them may be too; begin a run without BlockKernels.Libtorch");
        }
    }
}
