using Proxyless.Architectures;
using Proxyless.Runs;
using Proxyless.Training;

namespace Proxyless.Comparisons;

/// <summary>
/// The trainings of a comparison, divided among all processes that work on it: each claims one that nobody else does,
/// until there is none left.
/// </summary>
/// <param name="context">Images and recipe.</param>
/// <param name="plan">The networks.</param>
/// <param name="directory">The files.</param>
internal sealed class SharedTrainings(RunContext context, ComparisonPlan plan, ComparisonDirectory directory)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly List<(int Network, int Seed)> _left =
    [
        .. Enumerable
            .Range(0, plan.Networks.Count)
            .SelectMany(network => Enumerable.Range(0, plan.Seeds).Select(seed => (network, seed))),
    ];

    /// <summary>Trains until every training has a result; those of other processes are waited for.</summary>
    /// <param name="trained">Is called after each training of this process.</param>
    /// <returns>The number of trainings of this process.</returns>
    public int Run(Action trained)
    {
        ArgumentNullException.ThrowIfNull(trained);
        int own = 0;
        bool hasTold = false;
        while (true)
        {
            // What has a result is not read again.
            _left.RemoveAll(IsDone);
            if (_left.Count == 0)
            {
                return own;
            }

            int before = own;
            foreach ((int network, int seed) in _left)
            {
                if (TryTrain(network, seed))
                {
                    own++;
                    trained();
                }
            }

            if (own > before)
            {
                continue;
            }

            if (!hasTold)
            {
                context.Observer.Message(
                    $"{_left.Count} trainings are left, each in another process; waiting for them"
                );
                hasTold = true;
            }

            context.CancellationToken.WaitHandle.WaitOne(Pause);
            context.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool IsDone((int Network, int Seed) work) =>
        directory.ReadTraining(plan.Networks[work.Network], work.Seed) is not null;

    private bool TryTrain(int network, int seed)
    {
        string folder = directory.Training(plan.Networks[network], seed).Root;
        using WorkClaim? claim = IsDone((network, seed)) ? null : WorkClaim.TryTake(folder, WorkClaim.Lease);

        // Between the two, another process may have ended it.
        if (claim is null || IsDone((network, seed)))
        {
            return false;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, claim.Lost);
        try
        {
            Train(network, seed, stop.Token);
            return true;
        }
        catch (OperationCanceledException)
            when (claim.Lost.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            context.Observer.Warning(
                $"'{folder}' was taken over by another process: this one had stood still for "
                    + Invariant($"{WorkClaim.Lease.TotalSeconds:0} s")
            );
            return false;
        }
    }

    private void Train(int number, int seed, CancellationToken cancellationToken)
    {
        ComparedNetwork network = plan.Networks[number];
        string position = $"network {number + 1} of {plan.Networks.Count}: {network.Name}";
        double latency = directory.ReadMeasurement(network)!.Latencies.First().Value;
        context.Observer.Message(Invariant($"{position}, {latency:F3} ms, seed {seed}"));
        Architecture architecture = ArchitectureFile.Read(directory.Architecture(network));
        NetworkTraining training = Train(network, architecture, seed, cancellationToken);
        context.Observer.Message(Invariant($"{position}, top-1 {training.Top1:P2}"));
    }

    private NetworkTraining Train(
        ComparedNetwork network,
        Architecture architecture,
        int seed,
        CancellationToken cancellationToken
    )
    {
        RunDirectory files = directory.Training(network, seed);
        var store = new RunStore(files);
        RunContext seeded = context.Reseeded(seed, new RunClock(TimeProvider.System)) with
        {
            CancellationToken = cancellationToken,
        };
        TrainResult trained;
        try
        {
            trained = TrainStage.Run(seeded, store, null, architecture, null);
        }
        catch (InvalidInputException exception)
        {
            // Errors of the images or of a damaged file: the other networks would meet them too, or the message says
            // the fix.
            throw new InvalidInputException($"network {network.Name}, seed {seed}: {exception.Message}", exception);
        }
        catch (TrainingDivergedException exception)
        {
            throw new TrainingDivergedException(
                $"network {network.Name}, seed {seed}: {exception.Message}; "
                    + $"to leave this network out, continue with RunOptions.Resume and ComparisonOptions.Without = "
                    + $"{network.Name}",
                exception
            );
        }

        ExportStage.Run(seeded, files, architecture, files.Model);
        EvaluateStage.Judgement judged = EvaluateStage.JudgeTest(seeded, files.Model);
        var training = new NetworkTraining(judged.Accuracy.Top1, judged.Accuracy.Top5, trained.Seconds)
        {
            TestImages = judged.Accuracy.Images,
        };
        directory.Write(network, seed, training);
        return training;
    }
}
