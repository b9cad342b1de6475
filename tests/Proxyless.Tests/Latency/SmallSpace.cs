using Proxyless.Architectures;
using Proxyless.Latency;

namespace Proxyless.Tests.Latency;

/// <summary>
/// A space of three searched blocks for tests: the first halves the side, the others are alike and may vanish.
/// </summary>
internal static class SmallSpace
{
    public const int Classes = 4;

    public static SearchSpace Space { get; } =
        new()
        {
            Name = "small",
            Resolution = 16,
            StemWidth = 8,
            StemStride = 1,
            FirstBlockWidth = 8,
            Stages =
            [
                new Stage(16, 3, 2, [.. new[] { "mb3e3", "mb3e6", "mb5e6", "zero" }.Select(CandidateOperation.Parse)]),
            ],
            HeadWidth = 32,
        };

    public static Architecture Network(params int[] choice) => Space.Architecture(choice, Classes, "network");

    /// <summary>A table with a different time for each part.</summary>
    public static LatencyTable Table(ProfileMode mode = ProfileMode.Quick) =>
        new()
        {
            Space = Space.Name,
            Target = "cpu",
            TargetId = new LocalTarget().Id,
            Mode = mode,
            Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Entries = SpaceParts
                .Keys(Space, Classes)
                .Select((key, i) => (key, new LatencyEntry(0.1 + (0.07 * i), 0.01)))
                .ToDictionary(entry => entry.key, entry => entry.Item2),
            Calibration = new LatencyCalibration(1.1, 0.25, 5, 0.01, 0.95),
            Reference = new LatencyReference([1, 0, 2], 1.5),
        };
}
