namespace Proxyless.Weights;

/// <summary>Finds the sets of tensors in what <c>torch.save</c> wrote.</summary>
internal static class StateDictFinder
{
    // A set within a set of a checkpoint, such as ema/state_dict, is as deep as they are nested.
    private const int Deepest = 2;

    /// <summary>The state dicts: moving averages first, then by their names, then in the order of the file.</summary>
    /// <returns>Name, such as <c>state_dict_ema</c> (empty: the whole file), and entries; at least one.</returns>
    /// <exception cref="FormatException">There is none; the message says what there is.</exception>
    public static IReadOnlyList<(string Name, PickleDictionary Items)> Find(object? root)
    {
        if (root is PickleCall model)
        {
            throw new FormatException(
                $"it holds a whole object ({model.Name}), which only the program that made it can build; save its "
                    + $"weights alone: torch.save(model.state_dict(), FILE)"
            );
        }

        var found = new List<(string Name, PickleDictionary Items)>();
        if (root is PickleDictionary dictionary)
        {
            Collect(dictionary, "", Deepest, found);
        }

        return found.Count > 0
            ? [.. found.OrderBy(one => Rank(one.Name))]
            : throw new FormatException(
                "it holds no tensors by name; save them so: torch.save(model.state_dict(), FILE)"
            );
    }

    private static void Collect(
        PickleDictionary dictionary,
        string name,
        int deeper,
        List<(string Name, PickleDictionary Items)> found
    )
    {
        if (dictionary.Items.Any(item => item.Key is string && IsTensor(item.Value)))
        {
            found.Add((name, dictionary));
            return;
        }

        foreach ((object? key, object? value) in dictionary.Items)
        {
            if (deeper > 0 && key is string inner && value is PickleDictionary part)
            {
                Collect(part, name.Length == 0 ? inner : $"{name}/{inner}", deeper - 1, found);
            }
        }
    }

    private static bool IsTensor(object? value)
    {
        try
        {
            return TensorRecipe.Of(value) is not null;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            // The tensor's description makes no sense, which is reported when it is read.
            return true;
        }
    }

    // The names that training code uses. An optimizer's tensors have numbers for names, its settings none.
    private static int Rank(string name) =>
        name.Contains("ema", StringComparison.OrdinalIgnoreCase) ? 0
        : name.Contains("state_dict", StringComparison.OrdinalIgnoreCase) ? 1
        : name.Contains("model", StringComparison.OrdinalIgnoreCase) ? 2
        : 3;
}
