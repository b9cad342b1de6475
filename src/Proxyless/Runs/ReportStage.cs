using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Data;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Reports;
using Proxyless.Search;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>Collects a run's results into its report.</summary>
internal static class ReportStage
{
    /// <summary>
    /// Writes <c>report.html</c>; <c>front.svg</c> if networks were scored; and the end of the run as events, if these
    /// are wanted.
    /// </summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run.</param>
    /// <param name="table">The latency table of its target.</param>
    /// <param name="derived">The network that the search found.</param>
    /// <param name="evaluated">The end of the run; null if the network has not been evaluated yet.</param>
    public static void Write(
        RunContext context,
        RunStore store,
        LatencyTable table,
        DerivedNetwork derived,
        EvaluatedRun? evaluated
    )
    {
        RunReportData data = DataOf(context, store, table, derived) with { Training = store.ReadTrainingLog() };
        if (data.Front is { } front)
        {
            AtomicFile.WriteAllText(store.Directory.FrontPicture, FrontPlot.File(front));
        }

        if (evaluated is null)
        {
            RunReport.WriteHtml(store.Directory.Report, data);
            return;
        }

        data = WithEnd(data, context, store, evaluated, table);
        RunReport.WriteHtml(store.Directory.Report, data);
        EventLog
            .OfTraining(context, store.Directory)
            .Add(StepsMade(context, store), evaluated.Judged.Accuracy, evaluated.Result?.LatencyMs, data.Answers!);
    }

    /// <summary>The steps of the training, which may have ended before all that were planned.</summary>
    private static long StepsMade(RunContext context, RunStore store)
    {
        long epochs = store.ReadTrainingLog().Count;
        return Math.Min(
            store.Plan.TrainSteps ?? 0,
            epochs * context.Loaders.BatchesPerEpoch(context.Loaders.FinalImages)
        );
    }

    /// <summary>What is known about a network before it is trained.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run.</param>
    /// <param name="table">The latency table of its target.</param>
    /// <param name="derived">The network that the search found.</param>
    public static RunReportData DataOf(RunContext context, RunStore store, LatencyTable table, DerivedNetwork derived)
    {
        SearchResult found = derived.Result;
        RunReportData data = DataOf(context, store, table, derived.Architecture, derived.Log);
        return data with
        {
            Front = FrontOf(table.Target, [derived]),
            LatencyMs = found.LatencyMs,
            LatencyIsMeasured = found.LatencyIsMeasured,
            LatencyLimitMs = found.LatencyLimitMs,
            PredictedLatencyMs = found.PredictedLatencyMs,
            Reasons =
                CostOf(context, table) is { } latency && context.Space.ChoiceOf(derived.Architecture) is { } choice
                    ? ChoiceReasons.Of(
                        IfReadable(context, () => store.ReadScores(context.Space)),
                        context.Space,
                        latency,
                        choice
                    )
                    : null,
            Provenance =
            [
                .. data.Provenance,
                new("search", Invariant($"{found.Seconds / 60:F1} minutes")),
                .. store.Plan.TrainSeconds > 0
                    ? [new("training", Invariant($"{store.Plan.TrainSeconds / 60:F1} minutes"))]
                    : Array.Empty<KeyValuePair<string, string>>(),
            ],
        };
    }

    /// <summary>What is known about a network while it is searched for.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run.</param>
    /// <param name="table">The latency table of its target.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="log">The epochs of the search.</param>
    public static RunReportData DataOf(
        RunContext context,
        RunStore store,
        LatencyTable table,
        Architecture architecture,
        IReadOnlyList<SearchEpoch> log
    ) =>
        new()
        {
            Title = $"{context.Images.Name} on {table.Target}",
            Architecture = architecture,
            Parts = PartsOf(architecture, table, null, context.CancellationToken),
            Candidates =
            [
                .. context
                    .Space.Blocks()
                    .Select(block => block.Candidates.Select(candidate => candidate.Operation.ToString()).ToArray()),
            ],
            FirstSearchedBlock = ChoiceReasons.FirstBlockOf(context.Space),
            Table = CostOf(context, table) is { } latency
                ? new CandidateTable(
                    latency.Candidates,
                    context.Space.ChoiceOf(architecture) ?? [.. context.Space.Blocks().Select(_ => -1)]
                )
                : null,
            Search = [.. log.Select(Point)],
            Warnings = context.Observer.Warnings,
            Provenance = ProvenanceOf(context, table),
            Configuration = File.ReadAllText(store.Directory.Config),
        };

    /// <summary>
    /// The latencies of the space; null if the table is of another one: a network may be trained at another resolution
    /// than it was searched at.
    /// </summary>
    private static SpaceCost? CostOf(RunContext context, LatencyTable table) =>
        SpaceParts.Keys(context.Space, context.Classes).All(table.Entries.ContainsKey)
            ? table.ToSpaceCost(context.Space, context.Classes)
            : null;

    /// <summary>What a page can do without, if its file is damaged.</summary>
    private static IReadOnlyList<T> IfReadable<T>(RunContext context, Func<IReadOnlyList<T>> read)
    {
        try
        {
            return read();
        }
        catch (InvalidInputException exception)
        {
            context.Observer.Warning($"the report does without a file: {exception.Message}");
            return [];
        }
    }

    private static RunReportData WithEnd(
        RunReportData data,
        RunContext context,
        RunStore store,
        EvaluatedRun evaluated,
        LatencyTable table
    )
    {
        RunResult? result = evaluated.Result;
        return data with
        {
            Accuracies = AccuraciesOf(store, evaluated),
            LatencyMs = result?.LatencyMs ?? data.LatencyMs,
            MedianLatencyMs = result?.MedianLatencyMs,
            LatencyP90Ms = result?.LatencyP90Ms,
            ModelBytes = RegularFile.LengthOf(evaluated.Model),
            Precisions = evaluated.Integers is { } integers ? PrecisionsOf(integers) : [],
            Next = NextOf(context, store, evaluated, data.LatencyMs),
            Answers = AnswersOf(context, store, evaluated),
            Parts = PartsOf(data.Architecture, table, evaluated.Target, context.CancellationToken),
        };
    }

    /// <summary>The accuracies of a run, those of its model among them.</summary>
    /// <param name="store">The run.</param>
    /// <param name="evaluated">The end of the run.</param>
    internal static List<AccuracyFigure> AccuraciesOf(RunStore store, EvaluatedRun evaluated)
    {
        RunResult? result = evaluated.Result;
        string floats = FloatsOf(evaluated);
        long tested = evaluated.Judged.Accuracy.Images;
        var accuracies = new List<AccuracyFigure>();
        if (result?.Folds is { } folds)
        {
            accuracies.Add(
                new AccuracyFigure(
                    Invariant($"the {folds.Images:N0} images, each by one of {folds.Folds} trainings without it")
                        + floats,
                    folds.Top1,
                    folds.Images
                )
            );
        }

        accuracies.Add(
            new AccuracyFigure(Invariant($"{tested:N0} test images"), evaluated.Judged.Accuracy.Top1, tested)
            {
                Top5 = evaluated.Judged.Accuracy.Top5,
            }
        );
        if (result?.TeacherTop1 is { } taught)
        {
            accuracies.Add(
                new AccuracyFigure(
                    Invariant($"{tested:N0} test images by the whole network, its teacher{floats}"),
                    taught,
                    tested
                )
            );
        }

        if (result is { Folds: null, CrossValidatedTop1: { } top1 } && store.Plan.FineTuning is { Images: > 0 } decided)
        {
            accuracies.Add(
                new AccuracyFigure(
                    Invariant($"{decided.Images:N0} training images, cross-validated{floats}"),
                    top1,
                    decided.Images
                )
            );
        }

        return accuracies;
    }

    // Other networks than the model of a run are not quantized.
    private static string FloatsOf(EvaluatedRun evaluated) => evaluated.Integers is null ? "" : ", with floats";

    /// <summary>What is said about images that were not learned from.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="store">The run.</param>
    /// <param name="evaluated">The end of the run.</param>
    internal static AnswerReport AnswersOf(RunContext context, RunStore store, EvaluatedRun evaluated)
    {
        ImageSet test = context.Images.Test;
        long tested = evaluated.Judged.Accuracy.Images;
        if (evaluated.InFolds is { } inFolds)
        {
            return AnswerPictures.Of(
                context,
                [(context.Images.All, inFolds)],
                Invariant($"the {inFolds.Count:N0} images, each classified by a network that was trained without it")
                    + FloatsOf(evaluated)
            );
        }

        IReadOnlyList<ImageAnswer> crossValidated = IfReadable(context, store.ReadCrossValidated);
        SimilarReport similar = SimilarTestImages.Find(context, store, evaluated.Judged.Answers);
        if (crossValidated.Count == 0)
        {
            return AnswerPictures.Of(
                context,
                [(test, evaluated.Judged.Answers)],
                Invariant($"the {tested:N0} test images")
            ) with
            {
                Similar = similar,
            };
        }

        ImageSet training = context.Images.AllTraining;
        Dictionary<string, int> positions = Enumerable.Range(0, training.Count).ToDictionary(training.Name);
        Dictionary<int, ImageAnswer> known = crossValidated
            .Where(answer =>
                positions.TryGetValue(answer.Image, out int position)
                && answer.Label == training.Label(position)
                && answer.IsWithin(context.Classes)
            )
            .DistinctBy(answer => answer.Image)
            .ToDictionary(answer => positions[answer.Image]);
        return AnswerPictures.Of(
            context,
            [(test, evaluated.Judged.Answers), (training, known)],
            Invariant($"the {tested:N0} test images, and about the {known.Count:N0} training images by ")
                + $"networks like it that were trained without them (cross-validation){FloatsOf(evaluated)}"
        ) with
        {
            Similar = similar,
        };
    }

    private static List<PrecisionFigure> PrecisionsOf(QuantizeResult integers)
    {
        List<PrecisionFigure> figures =
        [
            new(
                "32-bit floats",
                integers.FloatTop1,
                integers.ComparedImages,
                integers.FloatLatencyMs,
                integers.FloatBytes
            ),
            new("8-bit integers", integers.Top1, integers.ComparedImages, integers.LatencyMs, integers.Bytes),
        ];
        if (integers.OnTarget is { } there)
        {
            string name = Invariant($"8-bit integers on the target's processor, {there.Images:N0} images");
            figures.Add(new PrecisionFigure(name, there.Top1, there.Images, integers.LatencyMs, integers.Bytes));
        }

        return figures;
    }

    private static List<NextStep> NextOf(RunContext context, RunStore store, EvaluatedRun evaluated, double? latencyMs)
    {
        string run = store.Directory.Root;
        NextStep Step(string call, string purpose) => new(context.Observer.Wording(call).Trim('\''), purpose);
        var steps = new List<NextStep>
        {
            Step($"ProxylessRun.Predict(model: '{evaluated.Model}', PHOTO.jpg)", "classifies a photograph"),
        };
        if (File.Exists(store.Directory.SearchCheckpoint) && latencyMs is { } latency)
        {
            steps.Add(
                Step(
                    $"ProxylessRun.Derive(source: '{run}', "
                        + Invariant($"TargetOptions.LatencyMs = '{latency / 2:G3}')"),
                    "finds a network for another limit with the same search"
                )
            );
        }

        if (evaluated.Integers is null)
        {
            steps.Add(
                Step($"ProxylessRun.Quantize(QuantizeOptions.Model = '{run}')", "makes a model of 8-bit integers")
            );
        }

        return steps;
    }

    private static PartLatency[] PartsOf(
        Architecture architecture,
        LatencyTable table,
        ITarget? target,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<double>? measured = target is LocalTarget local
            ? TryMeasure(architecture, local, cancellationToken)
            : null;
        string[] names =
        [
            "stem",
            .. architecture.Blocks.Select((block, i) => Invariant($"{i + 1} {block.Operation}")),
            "last convolution",
            "classifier",
        ];
        bool[] computes = [true, .. architecture.Blocks.Select(block => !block.IsPassThrough), true, true];
        return
        [
            .. table
                .PredictParts(architecture)
                .Select(
                    (predicted, i) =>
                        computes[i]
                            ? new PartLatency(names[i], predicted, measured?[i])
                            : new PartLatency(names[i], null, null)
                ),
        ];
    }

    private static IReadOnlyList<double>? TryMeasure(
        Architecture architecture,
        LocalTarget target,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return BlockTimes.Measure(architecture, target, cancellationToken);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidInputException)
        {
            // The profiler writes to the folder of temporary files and needs memory for its batch: a trained run does
            // not fail for the lack of one.
            return null;
        }
    }

    /// <summary>Where a result comes from, by name.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="table">The latency table of the target.</param>
    public static KeyValuePair<string, string>[] ProvenanceOf(RunContext context, LatencyTable table) =>
        [
            new(
                "data",
                $"{context.Images.Name}: {context.Loaders.FinalImages.Count} training, {HeldOut(context)}"
                    + $"{context.Images.Test.Count} test images, {context.Classes} classes"
            ),
            new("fingerprint of the data", context.Images.Fingerprint),
            new("space", context.Space.Name),
            new("target", table.TargetId),
            new("latency table", Invariant($"made {table.Created:yyyy-MM-dd HH:mm} UTC")),
            new("seed", context.Options.Seed.ToString(CultureInfo.InvariantCulture)),
            new("trained on", Invariant($"{ProcessorInfo.Name}, {context.Threads} threads")),
            new(
                "versions",
                $"Proxyless {LibraryVersion.Text}, ONNX Runtime {ProcessorInfo.OnnxRuntimeVersion}, "
                    + System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription
            ),
            new("written", Invariant($"{DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC")),
        ];

    /// <summary>What was held out of the weights' images. With few images and pretrained weights nothing is.</summary>
    private static string HeldOut(RunContext context) =>
        context switch
        {
            { Input: not null, Options.Training.OnAll: true } => "",
            { Options.Training.OnAll: true } => $"{context.Images.Validation.Count} of them for the architecture, ",
            _ => $"{context.Images.Validation.Count} validation, ",
        };

    /// <summary>What was scored for a target, and what was chosen.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="derived">The networks of its limits, at least one.</param>
    /// <returns>Null if nothing was scored.</returns>
    public static FrontPlotData? FrontOf(string target, IReadOnlyList<DerivedNetwork> derived) =>
        derived[0].Result.Front is not { } front
            ? null
            : new FrontPlotData
            {
                Target = target,
                Scored = [.. front.Scored.Select(point => new FrontMark(point.LatencyMs, point.Top1))],
                Front = [.. front.Best.Select(point => new FrontMark(point.LatencyMs, point.Top1))],
                Tried =
                [
                    .. derived
                        .SelectMany(network => network.Result.Tried)
                        .Select(tried =>
                            front.Scored.FirstOrDefault(point => point.Choice.SequenceEqual(tried.Choice)) is { } score
                                ? new FrontMark(tried.LatencyMs, score.Top1)
                                : null
                        )
                        .OfType<FrontMark>(),
                ],
                Chosen =
                [
                    .. derived
                        .Where(network => network.Result.ValidationTop1 is not null)
                        .Select(network => new FrontMark(
                            network.Result.LatencyMs,
                            network.Result.ValidationTop1!.Value,
                            network.Architecture.Name
                        )),
                ],
                LimitsMs = [.. derived.Select(network => network.Result.LatencyLimitMs)],
            };

    private static SearchCurvePoint Point(SearchEpoch epoch) =>
        new(
            epoch.Epoch,
            epoch.TrainLoss,
            epoch.ArchitectureLoss,
            epoch.ExpectedCosts.TryGetValue(SpaceCost.LatencyQuantity, out double latency) ? latency : null,
            ArchitectureParameters.EntropyOf(epoch.Probabilities),
            [.. epoch.Probabilities]
        );
}
