using System.Runtime.ExceptionServices;
using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Locking;
using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Comparisons;

/// <summary>
/// The trainings of a comparison, divided among all processes that work on it: each claims one that nobody else does,
/// until there is none left. The plan is read again before each, since the process that leads may add networks and
/// remove others.
/// </summary>
/// <param name="context">Images and recipe.</param>
/// <param name="directory">The files.</param>
/// <param name="claim">Claims the training of a folder for this process; null if another one has it.</param>
internal sealed class SharedTrainings(RunContext context, ComparisonDirectory directory, Func<string, WorkClaim?> claim)
{
    // A prime, more than a network has trainings: those of comparisons with neighboring seeds share no seed.
    private const int SeedsApart = 1_000_003;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly ClaimWatch _leader = ClaimWatch.OfProcess();
    private readonly Lazy<int> _integerBits = new(() => UsualIntegers.WeightBitsFor([]));
    private readonly HashSet<(string Folder, int? IntegerBits)> _trained = [];

    // Folders of trainings that failed in this process, and the first error.
    private readonly HashSet<string> _failed = [];
    private Exception? _error;
    private string _told = "";

    /// <summary>The same for this process as it is.</summary>
    public SharedTrainings(RunContext context, ComparisonDirectory directory)
        : this(context, directory, ClaimsOfProcess()) { }

    /// <summary>The seed of weights, order and augmentation of a training.</summary>
    /// <param name="seed">The seed of the comparison.</param>
    /// <param name="number">The number of the training among those of its network, from 0.</param>
    internal static int SeedOf(int seed, int number) => unchecked((seed * SeedsApart) + number);

    /// <summary>Trains until every training has a result; those of other processes are waited for.</summary>
    /// <param name="trained">Is called after each training of this process.</param>
    /// <returns>The number of trainings of this process.</returns>
    /// <exception cref="TrainingDivergedException">
    /// A training diverged, here or elsewhere; all others are done.
    /// </exception>
    /// <exception cref="InvalidInputException">
    /// A training cannot be done here, and all others are done; or this processor cannot judge the integer models.
    /// </exception>
    public int Run(Action trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        int own = 0;
        while (true)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            ComparisonPlan plan = directory.ReadPlan();
            if (directory.IsPreparing(_leader))
            {
                Wait("waiting while the process that leads measures the networks that it adds");
                continue;
            }

            Work[] left = [.. WorkOf(plan).Where(work => !IsSettled(work))];
            if (left.Length == 0)
            {
                RequireNoFailure(plan);
                return own;
            }

            RequireIntegers(plan);
            Work[] possible = [.. left.Where(work => !_failed.Contains(FolderOf(work)))];
            if (possible.Length == 0)
            {
                ExceptionDispatchInfo.Throw(_error!);
            }

            switch (possible.Select(TryTrain).FirstOrDefault(outcome => outcome != Outcome.Busy))
            {
                case Outcome.Trained:
                    own++;
                    trained();
                    break;
                case Outcome.Busy:
                    Wait(
                        possible.Length == 1
                            ? "one training is left, in another process; waiting for it"
                            : $"{possible.Length} trainings are left, each in another process; waiting for them"
                    );
                    break;
            }
        }
    }

    private static Func<string, WorkClaim?> ClaimsOfProcess()
    {
        var watch = ClaimWatch.OfProcess();
        return folder => WorkClaim.TryTake(folder, watch);
    }

    private static IEnumerable<Work> WorkOf(ComparisonPlan plan) =>
        plan.Networks.SelectMany(
            (network, index) =>
                Enumerable
                    .Range(0, plan.Seeds)
                    .Select(seed => new Work(
                        network,
                        seed,
                        SeedOf(plan.Seed, seed),
                        plan.IntegerBits,
                        $"network {index + 1} of {plan.Networks.Count}: {network.Name}"
                    ))
        );

    private void Wait(string reason)
    {
        if (_told != reason)
        {
            context.Observer.Message(reason);
            _told = reason;
        }

        context.CancellationToken.WaitHandle.WaitOne(Pause);
    }

    private string FolderOf(Work work) => directory.Training(work.Network, work.Seed).Root;

    private bool IsSettled(Work work)
    {
        // What has a result is not read again.
        if (_trained.Contains((FolderOf(work), work.IntegerBits)))
        {
            return true;
        }

        if (
            directory.ReadTraining(work.Network, work.Seed) is not { } training
            || !training.HasIntegers(work.IntegerBits)
        )
        {
            return directory.ReadFailure(work.Network, work.Seed) is not null;
        }

        _trained.Add((FolderOf(work), work.IntegerBits));
        return true;
    }

    private void RequireNoFailure(ComparisonPlan plan)
    {
        NetworkFailure[] failures =
        [
            .. WorkOf(plan).Select(work => directory.ReadFailure(work.Network, work.Seed)).OfType<NetworkFailure>(),
        ];
        if (failures.Length > 0)
        {
            // On the command line the option is repeated.
            IEnumerable<string> without = failures
                .Select(failure => $"ComparisonOptions.Without = {failure.Network}")
                .Distinct();
            throw new TrainingDivergedException(
                $"{string.Join("; ", failures.Select(failure => failure.Message))}; all other trainings are done; to "
                    + $"leave this out, continue with RunOptions.Resume and {string.Join(' ', without)}"
            );
        }
    }

    private Outcome TryTrain(Work work)
    {
        string folder = FolderOf(work);
        using WorkClaim? taken = claim(folder);
        if (taken is null)
        {
            return Outcome.Busy;
        }

        if (IsSettled(work))
        {
            // Another process ended it before the claim.
            taken.Complete();
            return Outcome.Settled;
        }

        if (!IsPlanned(work))
        {
            // It was removed before the claim.
            Leave(work, taken);
            return Outcome.Settled;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, taken.Lost);
        try
        {
            return Train(work, taken, stop.Token);
        }
        catch (TrainingDivergedException exception) when (taken.IsHeld())
        {
            string message = $"network {work.Network.Name}, seed {work.Seed}: {exception.Message}";
            directory.Write(work.Network, work.Seed, new NetworkFailure(work.Network.Name, message));
            context.Observer.Warning($"{message}; the others are trained first");
            return Outcome.Settled;
        }
        catch (Exception exception)
            when (exception
                    is OperationCanceledException
                        or ProxylessException
                        or IOException
                        or UnauthorizedAccessException
                && !context.CancellationToken.IsCancellationRequested
                && !taken.IsHeld()
            )
        {
            // Whatever has failed then: its files are no longer those of the training.
            Leave(work, taken);
            return Outcome.Settled;
        }
        catch (Exception exception)
            when (exception is not (OperationCanceledException or IOException or UnauthorizedAccessException)
                && taken.IsHeld()
            )
        {
            // It would fail here again; the others may not, and it may not elsewhere.
            context.Observer.Warning($"a training failed, and the others are done first: {exception.Message}");
            _failed.Add(folder);
            _error ??= exception;
            return Outcome.Settled;
        }
    }

    private Outcome Train(Work work, WorkClaim taken, CancellationToken cancellationToken)
    {
        string folder = FolderOf(work);
        Require(taken);

        // Of a training that lacks only its integer model; its files stay where they are.
        RunDirectory published = directory.Training(work.Network, work.Seed);
        NetworkTraining? before = File.Exists(published.Model) ? directory.ReadTraining(work.Network, work.Seed) : null;
        RunDirectory attempt = TrainingAttempt.Begin(folder, taken.Number, takesOver: before is null);
        bool isNew = !File.Exists(attempt.Result);
        if (isNew)
        {
            ComparisonDirectory.Write(attempt, Trained(work, before, published, attempt, cancellationToken));
        }

        Require(taken);
        TrainingAttempt.Publish(attempt, folder);
        taken.Complete();
        return isNew ? Outcome.Trained : Outcome.Settled;
    }

    private NetworkTraining Trained(
        Work work,
        NetworkTraining? before,
        RunDirectory published,
        RunDirectory attempt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            NetworkTraining training = before ?? Train(work, attempt, cancellationToken);
            string model = before is null ? attempt.Model : published.Model;
            return work.IntegerBits is { } bits
                ? training with
                {
                    Integers = Quantize(work, model, attempt.IntegerModel, bits, cancellationToken),
                }
                : training;
        }
        catch (InvalidInputException exception)
        {
            // Errors of the images or of a damaged file: the other networks would meet them too, or the message says
            // the fix.
            throw new InvalidInputException(
                $"network {work.Network.Name}, seed {work.Seed}: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>A process that stood still does not touch what is its successor's by now.</summary>
    private static void Require(WorkClaim taken)
    {
        if (!taken.IsHeld())
        {
            throw new OperationCanceledException(taken.Lost);
        }
    }

    /// <summary>Integer models are judged on this processor, which may be another than the leader's.</summary>
    private void RequireIntegers(ComparisonPlan plan)
    {
        if (plan.IntegerBits is { } bits && _integerBits.Value < bits)
        {
            throw new InvalidInputException(
                $"the integer models of this comparison have weights of {bits} bits, and this processor has no VNNI, "
                    + "so that their sums would saturate; let a machine with VNNI do this, or resume the comparison "
                    + "here, for models of fewer bits"
            );
        }
    }

    private bool IsPlanned(Work work) =>
        directory.ReadPlan().Networks.Any(network => network.Name == work.Network.Name);

    private void Leave(Work work, WorkClaim taken)
    {
        string folder = FolderOf(work);
        if (!IsPlanned(work))
        {
            directory.Remove(work.Network);
            context.Observer.Message($"network {work.Network.Name} was removed from the comparison");
            return;
        }

        // One that has ended the training has left no claim.
        if (!taken.IsTakenOver() && !IsSettled(work))
        {
            context.Observer.Warning($"'{folder}': the claim of this process is gone; what it has trained stays there");
            return;
        }

        TrainingAttempt.Remove(folder, taken.Number);
        context.Observer.Warning(
            $"'{folder}' was taken over by another process: this one had stood still for "
                + Invariant($"{ClaimWatch.DefaultLease.TotalSeconds:0} s")
        );
    }

    private NetworkTraining Train(Work work, RunDirectory attempt, CancellationToken cancellationToken)
    {
        NetworkMeasurement measured =
            directory.ReadMeasurement(work.Network)
            ?? throw new InvalidInputException(
                $"network {work.Network.Name} has no measurement; RunOptions.Resume measures it"
            );
        double latency = measured.Latencies.First().Value;
        context.Observer.Message(Invariant($"{work.Position}, {MillisecondText.Of(latency)} ms, seed {work.Seed}"));
        Architecture architecture = ArchitectureFile.Read(directory.Architecture(work.Network));
        RunContext seeded = context.Reseeded(work.TrainingSeed, new RunClock(TimeProvider.System)) with
        {
            CancellationToken = cancellationToken,
        };
        TrainResult trained = TrainStage.Run(seeded, new RunStore(attempt), null, architecture, null);
        ExportStage.Run(seeded, attempt, architecture, attempt.Model);
        EvaluateStage.Judgment judged = EvaluateStage.JudgeTest(seeded, attempt.Model);
        var training = new NetworkTraining(judged.Accuracy.Top1, judged.Accuracy.Top5, trained.Seconds)
        {
            TestImages = judged.Accuracy.Images,
        };
        context.Observer.Message(Invariant($"{work.Position}, top-1 {training.Top1:P2}"));
        return training;
    }

    private IntegerAccuracy Quantize(
        Work work,
        string model,
        string integerModel,
        int bits,
        CancellationToken cancellationToken
    )
    {
        RunContext here = context with { CancellationToken = cancellationToken };
        byte[] integers = UsualIntegers.AsTimed(
            File.ReadAllBytes(model),
            bits,
            // Read again for each training: they would take the memory of a batch of trainings meanwhile.
            QuantizeImages.Of(here, QuantizeOptions.UsualCalibrationImages).Calibration,
            here.Threads,
            here.Observer,
            cancellationToken
        );
        AtomicFile.WriteAllBytes(integerModel, integers);
        EvaluateStage.Judgment judged = EvaluateStage.JudgeTest(here, integerModel);
        context.Observer.Message(Invariant($"{work.Position}, top-1 {judged.Accuracy.Top1:P2} in integers"));
        return new IntegerAccuracy(judged.Accuracy.Top1, judged.Accuracy.Top5, bits);
    }

    /// <summary>What came of an attempt to train.</summary>
    private enum Outcome
    {
        /// <summary>Another process trains it.</summary>
        Busy,

        /// <summary>This process has trained it.</summary>
        Trained,

        /// <summary>It need not be trained any more, or not by this process.</summary>
        Settled,
    }

    private sealed record Work(ComparedNetwork Network, int Seed, int TrainingSeed, int? IntegerBits, string Position);
}
