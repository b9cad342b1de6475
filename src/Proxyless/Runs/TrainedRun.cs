using Proxyless.Architectures;
using Proxyless.Pretrained;

namespace Proxyless.Runs;

/// <summary>A run with a trained network, opened with its images.</summary>
internal static class TrainedRun
{
    /// <summary>Opens the images of a run as they were for its training.</summary>
    /// <param name="directory">The run.</param>
    /// <param name="options">Its options; the images may have been moved.</param>
    /// <param name="observer">Receives progress, messages and warnings.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">Its images are missing or differ.</exception>
    public static RunContext Open(
        RunDirectory directory,
        RunOptions options,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(options);
        RunPaths.RequireImages(options, directory.Root);
        Architecture architecture = ArchitectureFile.Read(directory.Architecture);
        RunContext context = RunOpening.OpenImages(
            RunProcess.OnThisMachine(options) with
            {
                Data = options.Data with { Resolution = architecture.Resolution },
            },
            new RunStore(directory),
            new RunClock(TimeProvider.System),
            observer,
            cancellationToken
        );
        return context with { Input = InputOf(options, architecture) };
    }

    /// <summary>The input of the pretrained weights that a run began with; null if it began without.</summary>
    /// <param name="options">The run's own options: the network's file may tell of weights of another run.</param>
    /// <param name="architecture">The network, with its metadata.</param>
    public static PretrainedInput? InputOf(RunOptions options, Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Training.Weights is null ? null : PretrainedInput.Of(architecture);
    }
}
