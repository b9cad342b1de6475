namespace Proxyless.Weights;

/// <summary>A dictionary in what <c>torch.save</c> wrote, and the tensors in it.</summary>
/// <param name="items">Its entries.</param>
/// <param name="key">Its name in the dictionary that holds it.</param>
/// <param name="within">The dictionary that holds it, or null.</param>
internal sealed class TensorSet(PickleDictionary items, string key, TensorSet? within)
{
    /// <summary>Letters of the longest name of an entry that is read; a file may repeat one at little cost.</summary>
    public const int LongestName = 1 << 10;

    private const string StatisticName = ".running_mean";

    /// <summary>Its entries.</summary>
    public PickleDictionary Items { get; } = items;

    /// <summary>Where it is, such as <c>state_dict_ema</c>; empty: it is the whole file.</summary>
    public string Name => Within is { Depth: > 0 } ? $"{Within.Name}/{key}" : key;

    /// <summary>The dictionary that holds it; null for the whole file.</summary>
    public TensorSet? Within { get; } = within;

    /// <summary>In how many dictionaries it is.</summary>
    public int Depth { get; } = within is null ? 0 : within.Depth + 1;

    /// <summary>The number of its entries that are tensors, without those of dictionaries within it.</summary>
    public int Tensors { get; } = items.Items.Count(item => item.Key is string && TensorRecipe.IsOne(item.Value));

    /// <summary>
    /// Whether it has the statistics of batch norm, without which a network cannot be built; an average of the
    /// parameters alone has none.
    /// </summary>
    public bool HasStatistics { get; } =
        items.Items.Any(item =>
            item.Key is string name
            && name.EndsWith(StatisticName, StringComparison.Ordinal)
            && TensorRecipe.IsOne(item.Value)
        );

    /// <summary>
    /// Whether it is read only if it is asked for: its tensors stand beside a state dict, as the best accuracy does in
    /// a checkpoint, or it belongs to one that holds it and has more tensors.
    /// </summary>
    public bool IsMinor { get; set; }

    /// <summary>Requires that the name of a tensor is no longer than <see cref="LongestName"/>.</summary>
    /// <exception cref="FormatException">It is longer.</exception>
    public static void RequireName(string name)
    {
        if (name.Length > LongestName)
        {
            throw new FormatException($"the name of a tensor has {name.Length} letters");
        }
    }

    /// <summary>Whether a dictionary is this one, or holds it.</summary>
    public bool IsIn(PickleDictionary items)
    {
        for (TensorSet? set = this; set is not null; set = set.Within)
        {
            if (ReferenceEquals(set.Items, items))
            {
                return true;
            }
        }

        return false;
    }
}
