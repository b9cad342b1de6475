using Proxyless.Distributed;
using Proxyless.Files;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The work of a process that does not lead: its share of everything that the leader shares.</summary>
internal static class FollowStage
{
    /// <summary>Works until the leader has no more work.</summary>
    /// <param name="group">The processes.</param>
    public static void Run(ProcessGroup group)
    {
        string folder = TemporaryPlace.CreateFolder();
        try
        {
            using var state = new FollowerState(Path.Combine(folder, "checkpoint.safetensors"));
            Run(group, state);
            group.HasFollowed = true;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Run(ProcessGroup group, FollowerState state)
    {
        var signals = new GroupSignals(group.Communicator);
        (string Options, RunContext Context)? opened = null;
        while (signals.Await() is { } text)
        {
            var job = SharedJob.Of(text);
            File.Delete(state.Checkpoint);
            state.Failure = SharedWork.Follow(
                group,
                state.Checkpoint,
                parallel =>
                {
                    // Several works of a run have the same images.
                    if (opened?.Options != job.Options)
                    {
                        opened = (job.Options, Open(job));
                    }

                    job.Task.Share(
                        opened.Value.Context with
                        {
                            TrainingSeed = job.TrainingSeed,
                            Input = job.Input,
                        },
                        parallel,
                        state
                    );
                }
            );
        }
    }

    /// <summary>Opens the images; what there is to say of them, the leader has said.</summary>
    /// <exception cref="InvalidInputException">They are not those of the leader.</exception>
    private static RunContext Open(SharedJob job)
    {
        var context = RunContext.Open(
            RunConfigFile.Parse(job.Options, "the options of the process that leads") with
            {
                Resume = job.HasBegun,
            },
            NullRunObserver.Instance
        );
        return context.Images.HasFingerprint(job.Fingerprint)
            ? context
            : throw new InvalidInputException(
                $"the images of '{context.Options.Data.Path}' on {Environment.MachineName} are not those of the "
                    + "process that leads; copy them there, or use a folder that all machines see"
            );
    }
}
