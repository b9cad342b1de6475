using System.CommandLine;
using Proxyless.Architectures;
using Proxyless.Bench;

namespace Proxyless.Cli.Options;

/// <summary>The options that select the steps of a benchmark: the same in every benchmark command.</summary>
/// <param name="steps">What <c>--steps</c> counts, with its default.</param>
/// <param name="defaults">The default space and batch; null: the library's.</param>
internal sealed class StepOptionSet(string steps, BenchOptions? defaults = null)
{
    /// <summary>The space.</summary>
    public Option<string?> Space { get; } =
        Values.Text(
            "--space",
            "NAME|FILE",
            $"The space ({(defaults ?? new BenchOptions()).Space}): {string.Join(", ", SearchSpacePresets.Names)} or "
                + $"a YAML file"
        );

    /// <summary>Images per step.</summary>
    public Option<long?> Batch { get; } = BatchSize((defaults ?? new BenchOptions()).Batch);

    /// <summary>Side of the images.</summary>
    public Option<long?> Resolution { get; } =
        Values.Integer("--resolution", "Side of the images in pixels (the space's own)", 8, 2048);

    /// <summary>Steps or rounds.</summary>
    public Option<long?> Steps { get; } = Values.Integer("--steps", steps, 1, 100_000);

    /// <summary>Threads.</summary>
    public Option<long?> Threads { get; } = Values.Integer("--threads", "Threads (all processors)", 1, 1024);

    private static Option<long?> BatchSize(int otherwise)
    {
        Option<long?> option = Values.Integer("--batch-size", $"Images per step ({otherwise})", 1, 65536);
        option.Aliases.Add("--batch");
        return option;
    }

    /// <summary>All of them, in the order of the help.</summary>
    public IReadOnlyList<Option> Options => [Space, Batch, Resolution, Steps, Threads];

    /// <summary>Returns the given options; the rest as in <paramref name="defaults"/>.</summary>
    public BenchOptions Read(ParseResult parse, BenchOptions defaults) =>
        defaults with
        {
            Space = parse.GetValue(Space) ?? defaults.Space,
            Batch = (int?)parse.GetValue(Batch) ?? defaults.Batch,
            Resolution = (int?)parse.GetValue(Resolution),
            Steps = (int?)parse.GetValue(Steps) ?? defaults.Steps,
            Threads = (int?)parse.GetValue(Threads),
        };
}
