using System.Text.Json;
using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Files;
using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// Profiles a space on a target that can only time whole models. Each part is a separate model; a reference network,
/// measured again after every few parts, shows how the machine's speed drifts, and whole networks calibrate the sums.
/// Every measurement is written to disk at once, so that an interrupted profile can be continued.
/// </summary>
/// <param name="target">The target of the table.</param>
/// <param name="time">Measures the milliseconds of a model, given as the bytes of its ONNX file.</param>
internal sealed class PartProfiler(ITarget target, Func<byte[], CancellationToken, double> time)
{
    private const int PartsBetweenReferences = 8;
    private const double LargeError = 0.05;

    /// <summary>Makes the table.</summary>
    /// <inheritdoc cref="IModelTimer.Profile"/>
    public LatencyTable Profile(
        SearchSpace space,
        int classes,
        ProfileMode mode,
        string? partial,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        var plan = ProfilePlan.Of(mode);
        var random = new Random(1);
        IReadOnlyDictionary<string, Func<byte[]>> parts = PartExporter.Parts(space, classes);

        // No latencies are known yet: networks are spread over multiply-adds.
        var counted = SpaceCost.MultiplyAdds(space, classes);
        int[] reference = SpreadNetworks.Choices(counted, 1, random)[0];
        List<int[]> networks =
        [
            .. SpreadNetworks.Choices(counted, plan.CalibrationNetworks, random),
            .. SpreadNetworks.Choices(counted, plan.CheckNetworks, random),
        ];
        byte[] referenceModel = Untrained(space, reference, classes);
        var log = new Log(partial, observer, parts.Count + networks.Count);

        // A profile that is continued may find the machine at another speed.
        bool isContinued = log.Holds("reference");
        double referenceMs = log.Measure("reference", () => time(referenceModel, cancellationToken));
        double? now = isContinued ? null : referenceMs;
        int since = 0;

        // The reference is measured only when a new measurement needs it: those in the log do not.
        double AtReferenceSpeed(byte[] model)
        {
            double reference = now ??= time(referenceModel, cancellationToken);
            return time(model, cancellationToken) * referenceMs / reference;
        }

        void FollowDrift()
        {
            if (++since % PartsBetweenReferences == 0)
            {
                now = null;
            }
        }

        var entries = new Dictionary<string, LatencyEntry>();
        foreach ((string key, Func<byte[]> model) in parts)
        {
            double[] rounds =
            [
                .. Enumerable
                    .Range(0, plan.Rounds)
                    .Select(round => log.Measure($"{key} #{round}", () => AtReferenceSpeed(model()))),
            ];
            double median = SampleStatistics.Median(rounds);
            entries[key] = new LatencyEntry(median, SampleStatistics.SpreadAround(median, rounds));
            log.Step("parts");
            FollowDrift();
        }

        var measured = new List<double>();
        for (int i = 0; i < networks.Count; i++)
        {
            int[] choice = networks[i];
            measured.Add(log.Measure($"network {i}", () => AtReferenceSpeed(Untrained(space, choice, classes))));
            log.Step("whole networks");
            FollowDrift();
        }

        var table = new LatencyTable
        {
            Space = space.Name,
            Target = target.Name,
            TargetId = target.Id,
            Mode = mode,
            Created = DateTimeOffset.UtcNow,
            Entries = entries,
            Calibration = new LatencyCalibration(Scale: 1, Offset: 0, Networks: 0, MeanAbsoluteError: 0, KendallTau: 0),
            Reference = new LatencyReference(reference, referenceMs),
        };
        double[] sums = [.. networks.Select(choice => table.RawSum(space.Architecture(choice, classes, "whole")))];
        var calibration = LatencyCalibration.Fit(
            sums[..plan.CalibrationNetworks],
            measured[..plan.CalibrationNetworks],
            sums[plan.CalibrationNetworks..],
            measured[plan.CalibrationNetworks..]
        );
        if (calibration.MeanAbsoluteError > LargeError)
        {
            observer.Warning(
                Invariant(
                    $"predictions are off by {calibration.MeanAbsoluteError:P1} on average; ProfileMode.Thorough, or "
                        + $"more repeats in the target's file, may help"
                )
            );
        }

        log.Forget();
        return table with { Calibration = calibration };
    }

    private static byte[] Untrained(SearchSpace space, IReadOnlyList<int> choice, int classes) =>
        NetworkExporter.Untrained(space.Architecture(choice, classes, "whole"));

    /// <summary>The measurements by name, on disk after each one.</summary>
    private sealed class Log
    {
        private readonly string? _file;
        private readonly Dictionary<string, double> _measured;
        private readonly Progress _progress;
        private int _done;

        public Log(string? file, IRunObserver observer, int total)
        {
            _file = file;
            _measured = Read(file, observer);
            _progress = new Progress(observer, "profile", 0, total);
        }

        public bool Holds(string name) => _measured.ContainsKey(name);

        public double Measure(string name, Func<double> measure)
        {
            if (!_measured.TryGetValue(name, out double milliseconds))
            {
                _measured[name] = milliseconds = measure();
                if (_file is not null)
                {
                    AtomicFile.WriteAllText(_file, JsonSerializer.Serialize(_measured));
                }
            }

            return milliseconds;
        }

        public void Step(string detail) => _progress.Report(++_done, detail);

        public void Forget()
        {
            if (_file is not null)
            {
                File.Delete(_file);
            }
        }

        private static Dictionary<string, double> Read(string? file, IRunObserver observer)
        {
            if (file is null || !File.Exists(file))
            {
                return [];
            }

            try
            {
                Dictionary<string, double> before =
                    JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllText(file))
                    ?? throw new JsonException("it is null");
                if (!before.Values.All(milliseconds => milliseconds is > 0 and < double.PositiveInfinity))
                {
                    throw new JsonException("it holds an invalid time");
                }

                observer.Message($"profile: {before.Count} measurements of an interrupted profile are reused");
                return before;
            }
            catch (JsonException exception)
            {
                observer.Warning($"{file} cannot be read ({exception.Message}); the profile starts again");
                return [];
            }
        }
    }
}
