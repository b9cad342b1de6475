using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>The training of one network.</summary>
/// <param name="Architecture">The network, as <c>architecture.json</c> has it.</param>
/// <param name="Steps">The number of steps.</param>
internal sealed record SharedTraining(string Architecture, long Steps) : SharedTask
{
    /// <summary>The network whose answers are learned, if there is one; the leader sends its weights.</summary>
    public string? Teacher { get; init; }

    /// <summary>
    /// <see cref="TrainingSettings.Patience"/>, by which all processes end after the same epoch; that of a teacher is
    /// not the run's.
    /// </summary>
    public int? Patience { get; init; }

    /// <inheritdoc/>
    public override void Share(RunContext context, DataParallel parallel, FollowerState state)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(state);
        state.EndDecision();
        (BatchLoader training, BatchLoader? validation) = TrainStage.Batches(context, parallel);
        using (training)
        using (validation)
        {
            using var network = new CompactNetwork(
                ArchitectureFile.Parse(Architecture, "the network of the process that leads"),
                context.NetworkOptions
            );
            using CompactNetwork? teacher = Teacher is null
                ? null
                : new CompactNetwork(
                    ArchitectureFile.Parse(Teacher, "the teacher of the process that leads"),
                    context.NetworkOptions
                );
            parallel.TakeFromLeader(teacher?.Tensors ?? []);
            new NetworkTrainer(
                new ReceivedCheckpoint(state.Checkpoint),
                TrainStage.Settings(context, Steps) with
                {
                    Patience = Patience,
                    Teacher = teacher is null ? null : new Teacher(teacher),
                },
                parallel,
                context.Observer
            ).Train(network, training, validation);
        }
    }

    /// <summary>The files of a process that writes none.</summary>
    /// <param name="checkpoint">The checkpoint that it has received, if there is one.</param>
    private sealed class ReceivedCheckpoint(string checkpoint) : ITrainingStore
    {
        public string LastCheckpoint { get; } = checkpoint;

        public string BestCheckpoint { get; } = checkpoint + ".best";

        public string TrainingLog { get; } = checkpoint + ".log";

        // A process that is killed does not leave it behind then.
        public void Restored() => File.Delete(LastCheckpoint);
    }
}
