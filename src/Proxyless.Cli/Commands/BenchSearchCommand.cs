using System.CommandLine;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;

namespace Proxyless.Cli.Commands;

/// <summary>What a search would cost.</summary>
internal sealed class BenchSearchCommand : ReportingCommand
{
    private readonly Option<long?> _images = Values.Integer(
        "--images",
        "Number of training images of the search, if they are not available (those of --data)",
        2,
        10_000_000_000
    );
    private readonly Option<long?> _steps = Values.Integer("--steps", "Steps of each kind to time (5)", 1, 1000);

    private readonly Option<int[]> _ranks = Values.Integers(
        "--ranks",
        "8,64,512",
        "Numbers of processes, each on a machine like this one, to predict the hours for",
        2,
        1_000_000
    );
    private readonly LinkOptions _link = new("Bandwidth of each machine's link with --ranks", "10");

    public BenchSearchCommand()
        : base(
            "search",
            "The cost of a search in hours on this machine, and in counted operations on the V100 of the paper, "
                + "from a few timed steps. It takes the options of 'search', and so its configuration "
                + "files; those that do not change the cost are ignored.",
            "proxyless bench search --config configs/imagenet-mobile.yaml --images 1281167",
            "proxyless bench search --config configs/imagenet-mobile.yaml --images 1281167 --ranks 8,64,512",
            "proxyless bench search --data photos --search-epochs 40"
        )
    {
        Add([_images, _steps, _ranks, .. _link.Options]);
        Add(LibraryOptions.Data().Search().Targets().Time("search").Learning().Machine().Output().Resume().Options);
    }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        int[] ranks = parse.GetValue(_ranks) ?? [];
        if (ranks.Length == 0 && _link.Options.FirstOrDefault(parse.IsGiven) is { } idle)
        {
            throw UsageErrors.Idle(idle, _ranks);
        }

        SearchBenchResult result = SearchBench.Measure(
            LibraryOptions.Read(parse),
            parse.GetValue(_images),
            (int?)parse.GetValue(_steps) ?? 5,
            session.Observer,
            session.Cancellation
        );
        if (ranks.Length > 0)
        {
            result = result with { Ranks = SearchScaling.Predict(result, ranks, _link.Of(parse)) };
        }

        return new CommandOutcome(
            result,
            console =>
                console.WriteFacts([
                    (
                        "weight steps",
                        $"{result.WeightSteps:N0} of {result.BatchSize} images, {result.WeightStepSeconds:F2} s each "
                            + $"on this machine"
                    ),
                    (
                        "architecture steps",
                        $"{result.ArchitectureSteps:N0}, {result.ArchitectureStepSeconds:F2} s each"
                    ),
                    ("networks scored", $"{result.ScoredNetworks:N0}, {result.ScoreSeconds:F2} s each"),
                    ("steps of the final round", $"{result.FinalSteps:N0}, {result.FinalStepSeconds:F2} s each"),
                    ("this machine", $"{result.Hours:N1} hours"),
                    ("multiply-adds", $"{result.MultiplyAdds:G3}"),
                    ("a V100 at its peak", $"{result.V100HoursAtPeak:N1} hours"),
                    (
                        "the paper's search",
                        $"{result.PaperGpuHours:N0} V100 hours, {100 * result.ShareOfPeakForPaperHours:F0} % of the "
                            + $"peak if it did these operations"
                    ),
                    .. result.Ranks.Select(Describe),
                ])
        );
    }

    private static (string Name, string? Value) Describe(SearchOnRanks search) =>
        (
            $"{search.Ranks:N0} such machines",
            search.Hours is { } hours
                ? $"{hours:N1} hours, {search.ExchangeShare:P0} of them for the exchange"
                : $"a step's images are too few for them: --batch-size {search.LeastBatch} or more"
        );
}
