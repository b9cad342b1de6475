using Proxyless.Architectures;
using Proxyless.Files;
using Proxyless.Runs;

namespace Proxyless.Comparisons;

/// <summary>Creates the networks that a comparison requests.</summary>
/// <param name="context">Images and space.</param>
/// <param name="goal">Table and limits for random and fitted networks.</param>
/// <param name="place">Where fitted networks are measured.</param>
internal sealed class NetworkSource(RunContext context, SearchGoal goal, MeasuringPlace place)
{
    // Random networks should use up the limit, as found ones do.
    private const double LeastShareOfLimit = 0.9;
    private const int DrawsForEach = 200_000;

    // Widths are multiples of 8 in any case.
    private const double MultiplierStep = 0.05;
    private const int LeastSteps = 2;
    private const int MostSteps = 80;

    /// <summary>
    /// Creates the networks of an entry, with names that differ from those of <paramref name="others"/>; random
    /// networks differ from them in architecture too.
    /// </summary>
    /// <param name="request">The entry.</param>
    /// <param name="others">The existing networks.</param>
    /// <param name="taken">Further names that must not be used.</param>
    /// <exception cref="InvalidInputException">The networks cannot be created.</exception>
    /// <exception cref="LimitNotMetException">Even the narrowest fitted network is over the limits.</exception>
    public IReadOnlyList<OpenedNetwork> Open(
        NetworkRequest request,
        IReadOnlyCollection<OpenedNetwork> others,
        IEnumerable<string> taken
    )
    {
        // Names are also names of folders, which are one on some systems if they differ by case alone.
        var names = new HashSet<string>(
            others.Select(other => other.Network.Name).Concat(taken),
            StringComparer.OrdinalIgnoreCase
        );
        return
        [
            .. Architectures(request, others)
                .Select(architecture =>
                {
                    string name = Unused(names, FolderName.Of(architecture.Name));
                    return new OpenedNetwork(
                        new ComparedNetwork(request.Key, request.Group, name),
                        architecture with
                        {
                            Name = name,
                        }
                    );
                }),
        ];
    }

    /// <summary>Refuses an entry whose file, folder or name is none of a network.</summary>
    /// <exception cref="InvalidInputException">There is no such network, or its file is damaged.</exception>
    public static void RequireFile(NetworkRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (
            request.Kind
            is not (NetworkRequestKind.Random or NetworkRequestKind.MobileNet or NetworkRequestKind.FittedMobileNet)
        )
        {
            ArchitectureFile.Open(request.Source);
        }
    }

    private List<Architecture> Architectures(NetworkRequest request, IReadOnlyCollection<OpenedNetwork> others) =>
        request.Kind switch
        {
            NetworkRequestKind.Random => Random(
                request.Count,
                [.. others.Select(other => context.Space.ChoiceOf(other.Architecture)).OfType<int[]>()]
            ),
            NetworkRequestKind.MobileNet => [MobileNet(request.Multiplier)],
            NetworkRequestKind.FittedMobileNet => [FittedMobileNet()],
            _ =>
            [
                ArchitectureFile
                    .Open(request.Source)
                    .WithInput(context.Space.Resolution, context.Images.Channels, context.Classes),
            ],
        };

    private List<Architecture> Random(int count, IReadOnlyCollection<int[]> others)
    {
        var random = new Random(context.Options.Seed);
        var choices = new List<int[]>();
        IReadOnlyList<SearchBlock> blocks = context.Space.Blocks();
        for (long draw = 0; choices.Count < count; draw++)
        {
            if (draw == (long)DrawsForEach * count)
            {
                throw new InvalidInputException(
                    Invariant(
                        $"random:{count}: only {choices.Count} of {draw:N0} random networks of space "
                            + $"'{context.Space.Name}' are between {LeastShareOfLimit:P0} and 100 % of the limit "
                            + $"({goal.Latency}); choose a limit nearer the middle of the space"
                    )
                );
            }

            int[] choice = [.. blocks.Select(block => random.Next(block.Candidates.Count))];
            if (
                goal.Latency.Cost.Of(choice) >= LeastShareOfLimit * goal.LatencyMs
                && goal.Limits.All.All(limit => limit.Cost.Of(choice) <= limit.Limit)
                && !choices.Exists(choice.SequenceEqual)
                && !others.Any(choice.SequenceEqual)
            )
            {
                choices.Add(choice);
            }
        }

        return
        [
            .. choices.Select(
                (choice, i) =>
                    context.Space.Architecture(
                        choice,
                        context.Classes,
                        $"random-{i + 1}",
                        new Dictionary<string, string>
                        {
                            ["space"] = context.Space.Name,
                            ["choice"] = string.Join(",", choice),
                        }
                    )
            ),
        ];
    }

    private Architecture MobileNet(double multiplier) =>
        MobileNetV2.Build(multiplier, context.Space.Resolution, context.Images.Channels, context.Classes);

    private Architecture FittedMobileNet()
    {
        // Invariant: low steps meet the limit (or nothing is known of them), high steps do not.
        int low = LeastSteps - 1,
            high = MostSteps + 1;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            Architecture network = MobileNet(middle * MultiplierStep);
            double latency = place.Measure(network, context);
            context.Observer.Message(
                $"fit: {network.Name} takes {MillisecondText.Of(latency)} ms, limit "
                    + $"{MillisecondText.Of(goal.LatencyMs)} ms"
            );
            var cost = ArchitectureCost.Of(network);
            bool meets =
                latency <= goal.LatencyMs
                && cost.Parameters <= (context.Options.Target.MaxParameters ?? long.MaxValue)
                && cost.MultiplyAdds <= (context.Options.Target.MaxMacs ?? long.MaxValue);
            (low, high) = meets ? (middle, high) : (low, middle);
        }

        return low >= LeastSteps
            ? MobileNet(low * MultiplierStep)
            : throw new LimitNotMetException(
                $"mobilenet-v2:fit: even the narrowest MobileNetV2 is over the limits ({goal.Limits}); leave it out "
                    + $"or raise them"
            );
    }

    private static string Unused(HashSet<string> names, string wanted)
    {
        string name = wanted;
        for (int i = 2; !names.Add(name); i++)
        {
            name = $"{wanted}-{i}";
        }

        return name;
    }
}
