using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>The latency of a model file, as <c>evaluate</c> reports it.</summary>
internal static class ModelLatency
{
    /// <summary>
    /// Measures a model: beside the reference network of its run's table, as at the end of a run, if that table is of
    /// the same target; otherwise alone.
    /// </summary>
    /// <param name="file">The model.</param>
    /// <param name="classes">Number of classes of the model.</param>
    /// <param name="run">The run of the model, or null.</param>
    /// <param name="target">Where to measure.</param>
    /// <param name="observer">Is told if the run's table cannot be used, or nothing can be measured.</param>
    /// <param name="cancellationToken">Stops between two runs.</param>
    /// <returns>Null if the target is a table and runs no models.</returns>
    public static NetworkLatency? Of(
        string file,
        int classes,
        RunDirectory? run,
        ITarget target,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        if (target is not IModelTimer timer)
        {
            observer.Warning(
                $"target '{target.Name}' is a table and runs no models: there is no measured latency; "
                    + "TableTarget.Predict sums it up"
            );
            return null;
        }

        byte[] onnx = File.ReadAllBytes(file);
        (target as IAskedTarget)?.Ask(cancellationToken);
        if (run is null || Reference(run, classes, target, observer) is not { } reference)
        {
            return NetworkLatency.Alone(timer.Time(onnx, cancellationToken));
        }

        NetworkLatency latency = timer.Compare(onnx, reference.Onnx, reference.Milliseconds, cancellationToken);
        latency.WarnIfDisturbed(observer);
        return latency;
    }

    /// <summary>
    /// The reference network of a run's table and its latency then; null if the run has no usable table.
    /// </summary>
    private static (byte[] Onnx, double Milliseconds)? Reference(
        RunDirectory run,
        int classes,
        ITarget target,
        IRunObserver observer
    )
    {
        if (!File.Exists(run.Latency))
        {
            return null;
        }

        try
        {
            LatencyTable table = LatencyTableFile.Read(run.Latency);
            if (table.TargetId != target.Id)
            {
                string other = IntegerModels.DifferInPrecisionOnly(table.TargetId, target.Id)
                    ? "for models of the other precision"
                    : $"of another machine ({table.TargetId})";
                observer.Message($"the latency table of '{run.Root}' is {other}: the model is measured without it");
                return null;
            }

            SearchSpace space = SpaceOf(run, table);
            table.RequireReference(space, target, run.Latency);
            Architecture reference = space.Architecture(table.Reference.Choice, classes, "reference");
            return (NetworkExporter.Untrained(reference), table.Reference.Milliseconds);
        }
        catch (InvalidInputException exception)
        {
            observer.Warning($"the model is measured without the latency table of '{run.Root}': {exception.Message}");
            return null;
        }
    }

    private static SearchSpace SpaceOf(RunDirectory run, LatencyTable table)
    {
        if (File.Exists(run.Spanning))
        {
            return SpannedSpace.Of(ArchitectureFile.Read(run.Spanning));
        }

        RunOptions options = RunConfigFile.Read(run.Config);
        SearchSpace space = SearchSpaceFile.Open(options.Search.Space ?? table.Space);
        return space.WithInput(
            options.Data.Resolution ?? space.Resolution,
            options.Data.Channels ?? space.InputChannels
        );
    }
}
