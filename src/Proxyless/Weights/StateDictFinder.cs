namespace Proxyless.Weights;

/// <summary>Finds the sets of tensors in what <c>torch.save</c> wrote.</summary>
internal static class StateDictFinder
{
    // A set within a set of a checkpoint, such as ema/state_dict, is as deep as they are nested.
    private const int Deepest = 2;

    // A checkpoint of a training holds a few, and the state of its optimizer one for each parameter.
    private const int MostSets = 10_000;

    // Of dictionaries that have several names: many times those of a checkpoint of a training.
    private const int MostItemsAgain = 100_000;

    /// <summary>
    /// The state dicts: those with statistics of batch norm first, of these moving averages first, then by their names,
    /// then the outer ones, in the order of the file. Those that are hardly meant come last
    /// (<see cref="TensorSet.IsMinor"/>).
    /// </summary>
    /// <returns>At least one.</returns>
    /// <exception cref="FormatException">
    /// There is none, or there are too many; the message says what there is.
    /// </exception>
    public static IReadOnlyList<TensorSet> Find(object? root)
    {
        if (root is PickleCall model)
        {
            throw new FormatException(
                $"it holds a whole object ({model.Name}), which only the program that made it can build; save its "
                    + $"weights alone: torch.save(model.state_dict(), FILE)"
            );
        }

        List<TensorSet> found = root is PickleDictionary dictionary ? SetsIn(dictionary) : [];
        return found.Count > 0
            ? [.. found.OrderBy(one => one.IsMinor).ThenBy(one => !one.HasStatistics).ThenBy(one => Rank(one.Name))]
            : throw new FormatException(
                "it holds no tensors by name; save them so: torch.save(model.state_dict(), FILE)"
            );
    }

    private static List<TensorSet> SetsIn(PickleDictionary root)
    {
        var sets = new List<TensorSet>();
        var waiting = new Queue<TensorSet>();
        waiting.Enqueue(new TensorSet(root, "", null));

        // A dictionary may have several names, but may also hold itself, under any number of them.
        var seen = new HashSet<PickleDictionary> { root };
        int again = MostItemsAgain;
        while (waiting.TryDequeue(out TensorSet? set))
        {
            if (set.Tensors > 0)
            {
                sets.Add(set);
                if (sets.Count > MostSets)
                {
                    throw new FormatException(
                        $"it holds more than {MostSets} sets of tensors; save one alone: "
                            + "torch.save(model.state_dict(), FILE)"
                    );
                }

                for (TensorSet? outer = set.Within; outer is not null; outer = outer.Within)
                {
                    (outer.Tensors > set.Tensors ? set : outer).IsMinor = true;
                }
            }

            foreach ((object? key, object? value) in set.Items.Items)
            {
                if (
                    set.Depth < Deepest
                    && key is string { Length: <= TensorSet.LongestName } name
                    && value is PickleDictionary part
                    && (seen.Add(part) || (!set.IsIn(part) && (again -= 1 + part.Items.Count) >= 0))
                )
                {
                    waiting.Enqueue(new TensorSet(part, name, set));
                }
            }
        }

        return sets;
    }

    // The names that training code uses. An optimizer's tensors have numbers for names, its settings none.
    private static int Rank(string name) =>
        name.Contains("ema", StringComparison.OrdinalIgnoreCase) ? 0
        : name.Contains("state_dict", StringComparison.OrdinalIgnoreCase) ? 1
        : name.Contains("model", StringComparison.OrdinalIgnoreCase) ? 2
        : 3;
}
