using Proxyless.Architectures;
using Proxyless.Distributed;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Locking;
using Proxyless.Runtime;

namespace Proxyless.Runs;

/// <summary>
/// The beginning of a job on a run: it locks the folder, opens the images, finds its goal, and writes its
/// configuration. Until that is written no file of an earlier run is touched.
/// </summary>
internal static class RunOpening
{
    /// <summary>Locks the folder of a new run, or of one to resume, for this job alone.</summary>
    /// <param name="options">The requested options; for a resumed run, those that it began with.</param>
    /// <param name="observer">Is told if an earlier job was killed in the folder.</param>
    /// <param name="store">The run.</param>
    /// <returns>The lock of the folder; dispose of it at the end of the job.</returns>
    /// <inheritdoc cref="RunDirectory.Claim(string?, bool, bool, IRunObserver, out RunDirectory)"/>
    public static RunLock Claim(ref RunOptions options, IRunObserver observer, out RunStore store) =>
        Claim(ref options, _ => { }, observer, out store);

    /// <summary>The same if the options of the resumed run must suit the job.</summary>
    /// <param name="options">The requested options; for a resumed run, those that it began with.</param>
    /// <param name="require">Rejects options of a resumed run.</param>
    /// <param name="observer">Is told if an earlier job was killed in the folder.</param>
    /// <param name="store">The run.</param>
    public static RunLock Claim(
        ref RunOptions options,
        Action<RunOptions> require,
        IRunObserver observer,
        out RunStore store
    )
    {
        RunLock held = RunDirectory.Claim(
            options.Out,
            options.Resume,
            options.Overwrite,
            observer,
            out RunDirectory directory
        );
        store = StoreOf(ref options, require, directory, held);
        return held;
    }

    /// <summary>The same for a training in the folder in which its network was searched.</summary>
    /// <param name="options">The requested options; for a resumed training, those that it began with.</param>
    /// <param name="searched">The run.</param>
    /// <param name="observer">Is told if an earlier job was killed in the folder.</param>
    /// <param name="store">The run.</param>
    public static RunLock ClaimSearched(
        ref RunOptions options,
        RunDirectory searched,
        IRunObserver observer,
        out RunStore store
    )
    {
        RunLock held = RunDirectory.Claim(searched.Root, "", () => { }, observer, out RunDirectory directory);
        store = StoreOf(ref options, _ => { }, directory, held);
        return held;
    }

    /// <summary>Opens the images of a job.</summary>
    /// <param name="options">The job's options.</param>
    /// <param name="before">A run that must have the same images, or null.</param>
    /// <param name="clock">The job's time.</param>
    /// <param name="observer">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Stops the job.</param>
    /// <exception cref="InvalidInputException">
    /// Options, images or space cannot be used, or the images differ.
    /// </exception>
    public static RunContext OpenImages(
        RunOptions options,
        RunStore? before,
        RunClock clock,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        var context = RunContext.Open(options, clock, observer, cancellationToken);
        if (before is not null)
        {
            RequireSameImages(context, before);
        }

        return context;
    }

    /// <summary>Rejects images that differ from those that a run began with.</summary>
    /// <exception cref="InvalidInputException">They differ.</exception>
    public static void RequireSameImages(RunContext context, RunStore store)
    {
        if (store.Plan.DataFingerprint is { } before && !context.Images.HasFingerprint(before))
        {
            throw new InvalidInputException(
                $"the images of '{context.Options.Data.Path}' are not those that the run in '{store.Directory.Root}' "
                    + $"began with, or RunOptions.Seed, DataOptions.ValidationShare or DataOptions.TestShare divides "
                    + $"them differently; restore that, give their folder with DataOptions.Path, or "
                    + $"start again in another RunOptions.Out"
            );
        }
    }

    /// <summary>Writes the first files of a search: a new run, or the one that is resumed.</summary>
    /// <param name="context">The job's context.</param>
    /// <param name="store">The run.</param>
    /// <param name="goal">Its goal.</param>
    /// <param name="removeMore">Removes the other files of an existing run, or null.</param>
    public static void Begin(RunContext context, RunStore store, SearchGoal goal, Action? removeMore = null)
    {
        RunOptions options = OptionsOf(context, store);
        options = options with
        {
            Target = options.Target with { LatencyMs = options.Target.LatencyMs ?? goal.LatencyMs },
        };
        if (context.Options.Resume)
        {
            RunConfigFile.Write(store.Directory.Config, options);
        }
        else
        {
            store.Begin(options, removeMore ?? (() => { }));
        }

        store.Write(store.Plan with { DataFingerprint = context.Images.Fingerprint });
        LatencyTableFile.Write(store.Directory.Latency, goal.Table);
        context.Observer.WriteTo(store.Directory);
    }

    /// <summary>Writes the first files of a training.</summary>
    /// <param name="context">The job's context.</param>
    /// <param name="store">The run.</param>
    /// <param name="network">The network to train.</param>
    /// <param name="inPlace">Whether the network was searched in this run.</param>
    public static void BeginTraining(RunContext context, RunStore store, Architecture network, bool inPlace)
    {
        RunOptions options = OptionsOf(context, store);
        if (context.Options.Resume)
        {
            RunConfigFile.Write(store.Directory.Config, options);
        }
        else if (inPlace)
        {
            store.BeginTraining(options);
        }
        else
        {
            store.Begin(options, () => { });
        }

        store.Write(store.Plan with { DataFingerprint = context.Images.Fingerprint });
        store.Write(network);
        context.Observer.WriteTo(store.Directory);
    }

    /// <summary>Does the work of a run that has begun, and says how to continue if it is stopped.</summary>
    /// <exception cref="RunInterruptedException">It was stopped.</exception>
    /// <exception cref="RunFailedException">The disk is full, or the images or the run's folder are gone.</exception>
    public static T Resumable<T>(RunDirectory directory, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException exception)
        {
            // A part of the work may have been stopped by a token of its own that is linked to the caller's.
            throw new RunInterruptedException(
                directory.Root,
                exception,
                cancellationToken.IsCancellationRequested ? cancellationToken : exception.CancellationToken
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw RunFailedException.Of(directory.Root, RunFolder.CauseOf(directory.Root, exception));
        }
    }

    /// <summary>
    /// The options that a run began with, for resuming it; its images may have been moved to another folder.
    /// </summary>
    public static RunOptions Resumed(RunOptions options, RunDirectory directory)
    {
        RunOptions saved = directory.ReadConfig();

        // Runs from before random erasing began without it, and those from before copies of photographs without those.
        RunOptions resumed = saved with
        {
            Data = saved.Data with
            {
                Path = RunPaths.IsFolder(options.Data.Path) ? options.Data.Path : saved.Data.Path,
                NoImageCache = saved.Data.NoImageCache ?? true,
            },
            Out = directory.Root,
            Resume = true,
            // Those of a process alone say nothing of several, and the other way round.
            Threads = options.Threads ?? (ProcessGroup.Current.Size == 1 ? saved.Threads : null),
            CheckpointSeconds = options.CheckpointSeconds ?? saved.CheckpointSeconds,
            Device = ComputeDevice.IsAvailable(saved.Device) ? saved.Device : options.Device,
            Training = saved.Training with { Erase = saved.Training.Erase ?? 0 },
        };
        RunPaths.RequireImages(resumed, directory.Root);
        return resumed;
    }

    /// <summary>
    /// The same for a process of another machine that helps: how many threads the run began with says nothing of it.
    /// </summary>
    public static RunOptions Joined(RunOptions options, RunDirectory directory) =>
        Resumed(options with { Threads = ThreadCount.Of(options.Threads) }, directory);

    /// <summary>
    /// The same under the folder's lock: the rest of an earlier run that a killed job left is removed.
    /// </summary>
    private static RunOptions GoneOnWith(RunOptions options, RunDirectory directory)
    {
        RunOptions resumed = Resumed(options, directory);
        if (directory.IsBeginning)
        {
            foreach (RunDirectory part in RunParts.FoldersOf(resumed, directory.Root))
            {
                if (Directory.Exists(part.Root))
                {
                    using RunLock held = RunLock.Acquire(part.Root);
                    part.Empty();
                }
            }

            directory.FinishBeginning();
        }

        return resumed;
    }

    private static RunStore StoreOf(
        ref RunOptions options,
        Action<RunOptions> require,
        RunDirectory directory,
        RunLock held
    )
    {
        try
        {
            if (options.Resume)
            {
                require(directory.ReadConfig());
                options = GoneOnWith(options, directory);
            }

            return new RunStore(directory);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The options of a job as its run keeps them.</summary>
    internal static RunOptions OptionsOf(RunContext context, RunStore store) =>
        context.Options with
        {
            Out = Path.GetFullPath(store.Directory.Root),
            Threads = context.ThreadsOfAnyProcess,
            Device = DeviceOf(context, store),
        };

    /// <summary>The device that a run began with, also while it goes on where there is none.</summary>
    private static string DeviceOf(RunContext context, RunStore store) =>
        context.Options.Resume
        && File.Exists(store.Directory.Config)
        && store.Directory.ReadConfig().Device is var begun
        && !ComputeDevice.IsAvailable(begun)
            ? begun
            : context.Options.Device;
}
