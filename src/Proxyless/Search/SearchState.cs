using System.Text.Json;
using System.Text.Json.Serialization;
using Proxyless.Files;
using Proxyless.Networks;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>The state of a search that its checkpoint keeps besides the weights.</summary>
internal sealed record SearchState
{
    private const string Key = "search";
    private const string WeightsKey = "weights";
    private const string Shared = "shared";
    private const string Separate = "separate";

    public long Step { get; init; }

    public long ArchitectureStep { get; init; }

    public required EpochTotals Totals { get; init; }

    public required TargetSearchState[] Targets { get; init; }

    /// <summary>Writes weights, momenta and state as one file.</summary>
    public void Write(CheckpointFile file, SuperNetwork network, SgdOptimizer optimizer) =>
        file.Write(
            [.. TensorsOf(network, optimizer)],
            new Dictionary<string, string>
            {
                [Key] = JsonSerializer.Serialize(this, JsonLines.Options),
                [WeightsKey] = network.Options.SharesWeights ? Shared : Separate,
            }
        );

    /// <summary>The tensors of a search's weights and momenta that are written.</summary>
    public static IEnumerable<(string Name, Tensor Value)> TensorsOf(SuperNetwork network, SgdOptimizer optimizer) =>
        network.Tensors.Select(tensor => (tensor.Name, tensor.Value)).Concat(optimizer.State);

    /// <summary>
    /// Whether the candidates of a checkpoint's blocks share their weights; those of older checkpoints do not.
    /// </summary>
    public static bool SharesWeights(SafeTensorsFile file) => file.Metadata.GetValueOrDefault(WeightsKey) == Shared;

    /// <summary>Reads the state of a checkpoint.</summary>
    public static SearchState Of(SafeTensorsFile file, string path) =>
        file.Metadata.TryGetValue(Key, out string? text)
            ? Parse(text, path)
            : throw new InvalidInputException($"{path} is not a checkpoint of a search") { File = path };

    private static SearchState Parse(string text, string path)
    {
        const string Fix =
            "a checkpoint that is damaged, or of another version's search, cannot be continued; search again with "
            + "RunOptions.Overwrite";

        // Logits of pruned candidates are null.
        SearchState state = JsonText.Parse<SearchState>(text, path, Fix, nullsInLists: true);
        return
            state.Step >= 0
            && state.ArchitectureStep >= 0
            && Array.TrueForAll(state.Targets, target => target is not null && target.IsWhole)
            ? state
            : throw new InvalidInputException($"{path} holds numbers that no search has; {Fix}") { File = path };
    }
}

/// <summary>The state of one target's architecture parameters.</summary>
internal sealed record TargetSearchState
{
    public required double?[][] Logits { get; init; }

    public required double[][] CostLogits { get; init; }

    public required double[][] SecondMoments { get; init; }

    public required int[][] Steps { get; init; }

    public required double[] Multipliers { get; init; }

    public double EntropyMultiplier { get; init; }

    public double? RewardBaseline { get; init; }

    public required ArchitectureTotals Totals { get; init; }

    /// <summary>Whether all required values are present and every number is finite.</summary>
    [JsonIgnore]
    public bool IsWhole =>
        Array.TrueForAll(
            Logits,
            block =>
                block is not null
                && block.Any(logit => logit.HasValue)
                && Array.TrueForAll(block, logit => logit is null || double.IsFinite(logit.Value))
        )
        && Array.TrueForAll(CostLogits, block => block is not null && Array.TrueForAll(block, double.IsFinite))
        && Array.TrueForAll(
            SecondMoments,
            block => block is not null && Array.TrueForAll(block, moment => moment >= 0 && double.IsFinite(moment))
        )
        && Array.TrueForAll(Steps, block => block is not null && Array.TrueForAll(block, step => step >= 0))
        && Array.TrueForAll(Multipliers, double.IsFinite)
        && double.IsFinite(EntropyMultiplier)
        && double.IsFinite(RewardBaseline ?? 0)
        && Totals.Pruned.TrueForAll(one => one is { Length: 2 });
}
