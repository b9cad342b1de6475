using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Proxyless.Bench;
using Proxyless.Cli.Options;
using Proxyless.Cli.Output;
using Proxyless.Networks;
using Proxyless.Runtime;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>Time and memory of a step, before a search is started.</summary>
internal sealed class BenchCommand : ReportingCommand
{
    private const string TunedAllocator = "tuned";
    private static readonly IReadOnlyDictionary<string, BenchMode> Modes = Values.Words<BenchMode>();
    private static readonly IReadOnlyDictionary<string, BlockKernels> Kernels = Values.Words<BlockKernels>();

    private readonly Option<BenchMode[]> _mode = Values.Choices(
        "--mode",
        "The kind of a step (weight); several are measured one after another in separate processes",
        Modes
    );
    private readonly Option<BlockKernels?> _kernels = Values.Choice(
        "--kernels",
        "Implementation of the steps (proxyless)",
        Kernels
    );
    private readonly Option<bool> _separate = Values.Flag(
        "--separate-weights",
        "Use separate weights for each candidate of a block instead of shared ones"
    );
    private readonly Option<string?> _layout = Values.Text(
        "--layout",
        "contiguous|channels-last",
        "Memory layout of tensors (channels-last)"
    );
    private readonly Option<string?> _allocator = Values.Text(
        "--allocator",
        "system|tuned",
        "Whether freed memory is kept in the process (tuned)"
    );
    private readonly StepOptionSet _steps = new("Steps to time (20)");
    private readonly Option<long?> _seed = Values.Integer("--seed", "Seed of the sampled paths (0)", 0, int.MaxValue);

    public BenchCommand()
        : base(
            "bench",
            "Time and memory of a step of a space on this machine: the cost of a search before it is started.",
            "proxyless bench --space imagenet-mobile --batch 32 --resolution 112",
            "proxyless bench --mode weight,compact,all-paths --batch 32 --resolution 112"
        )
    {
        _layout.AcceptOnlyFromAmong("contiguous", "channels-last");
        _allocator.AcceptOnlyFromAmong("system", TunedAllocator);
        Subcommands.Add(new BenchKernelsCommand());
        Subcommands.Add(new BenchDataCommand());
        Subcommands.Add(new BenchExchangeCommand());
        Subcommands.Add(new BenchFloorCommand());
        Subcommands.Add(new BenchSearchCommand());
        Subcommands.Add(new BenchGradientsCommand());
        Subcommands.Add(new BenchNarrowCommand());
        Subcommands.Add(new BenchOrderCommand());
        Subcommands.Add(new BenchSoakCommand());

        // Never called: it tells the parser that this command is valid without one of its subcommands.
        SetAction(_ => ExitCode.Done);
        Add([
            _mode,
            _steps.Space,
            _kernels,
            _separate,
            _layout,
            _allocator,
            _steps.Batch,
            _steps.Resolution,
            _steps.Steps,
            _seed,
            _steps.Threads,
        ]);
    }

    /// <inheritdoc/>
    public override RuntimeOptions RuntimeFor(ParseResult parse) =>
        new() { KeepFreedMemory = parse.GetValue(_allocator) is null or TunedAllocator };

    public override CommandOutcome Execute(ParseResult parse, CommandSession session)
    {
        BenchMode[] modes = parse.GetValue(_mode) is { Length: > 0 } given ? given : [BenchMode.Weight];
        if (modes is [var mode])
        {
            BenchResult result = StepBench.Measure(Measurement(parse, mode), session.Observer, session.Cancellation);
            return new CommandOutcome(
                result,
                console => WriteTable(console, [JsonSerializer.SerializeToElement(result, CommandOutcome.JsonOptions)])
            );
        }

        // Memory that one mode leaves in the allocator would count for the next: each runs in a separate process.
        IReadOnlyList<string> shared = SharedArguments(parse);
        JsonElement[] results =
        [
            .. modes.Select(each =>
                ChildCommand.Run(["bench", "--mode", Modes.First(word => word.Value == each).Key, .. shared], session)
            ),
        ];
        return new CommandOutcome(new { Modes = results }, console => WriteTable(console, results));
    }

    private BenchOptions Measurement(ParseResult parse, BenchMode mode)
    {
        var defaults = new BenchOptions();
        return _steps.Read(parse, defaults) with
        {
            Mode = mode,
            Kernels = parse.GetValue(_kernels) ?? defaults.Kernels,
            SeparateWeights = parse.GetValue(_separate),
            Layout = parse.GetValue(_layout) ?? defaults.Layout,
            Allocator = parse.GetValue(_allocator) ?? defaults.Allocator,
            Seed = (int?)parse.GetValue(_seed) ?? defaults.Seed,
        };
    }

    /// <summary>The options of every mode, as words.</summary>
    private List<string> SharedArguments(ParseResult parse)
    {
        var words = new List<string>();
        void Pass(Option option, object? value)
        {
            if (value is not null)
            {
                words.AddRange([option.Name, Convert.ToString(value, CultureInfo.InvariantCulture)!]);
            }
        }

        if (parse.GetValue(_kernels) is { } kernels)
        {
            Pass(_kernels, Kernels.First(word => word.Value == kernels).Key);
        }

        if (parse.GetValue(_separate))
        {
            words.Add(_separate.Name);
        }

        Option<string?>[] texts = [_steps.Space, _layout, _allocator];
        Option<long?>[] numbers = [_steps.Batch, _steps.Resolution, _steps.Steps, _seed, _steps.Threads];
        Array.ForEach(texts, option => Pass(option, parse.GetValue(option)));
        Array.ForEach(numbers, option => Pass(option, parse.GetValue(option)));
        return words;
    }

    private static void WriteTable(IAnsiConsole console, JsonElement[] results)
    {
        Table table = FittedTable.Of(
            [],
            results[0].EnumerateObject().Select(property => property.Name.Replace('_', ' '))
        );
        foreach (JsonElement result in results)
        {
            table.AddRow([.. result.EnumerateObject().Select(property => Text(property.Value))]);
        }

        console.WriteFitted(table);
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && !value.TryGetInt64(out _)
            ? value.GetDouble().ToString("0.0", CultureInfo.InvariantCulture)
            : value.ToString();
}
