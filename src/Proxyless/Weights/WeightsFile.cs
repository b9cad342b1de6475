namespace Proxyless.Weights;

/// <summary>
/// The tensors of a file of weights that others wrote: safetensors, or what <c>torch.save</c> writes. A checkpoint of a
/// training may hold several sets of them (state dicts), of which one is read.
/// </summary>
internal sealed class WeightsFile
{
    // Tensors may share a storage and may be half as large in the file as in memory; a larger ratio means a file that
    // was made to fill memory.
    private const int LargestExpansion = 4;
    private const long SmallFile = 1 << 20;

    // The prefixes of every name if a network was wrapped (DataParallel, torch.compile), in any order.
    private static readonly string[] Wrappers = ["module.", "_orig_mod."];

    // How often PyTorch's AveragedModel was updated; it stands beside the network that it wraps.
    private const string AverageCount = "n_averaged";

    /// <summary>How another state dict than the preferred one is read, for messages.</summary>
    public const string AnotherStateDict =
        "PretrainedModel.Import takes another one with ImportOptions.StateDict; for a training, save it alone with "
        + "torch.save";

    private WeightsFile(
        IReadOnlyDictionary<string, WeightTensor> tensors,
        IReadOnlyDictionary<string, string> unread,
        string stateDict,
        IReadOnlyList<string> stateDicts
    )
    {
        Tensors = tensors;
        Unread = unread;
        StateDict = stateDict;
        StateDicts = stateDicts;
    }

    /// <summary>The tensors by name, without the prefixes that wrappers add to all names.</summary>
    public IReadOnlyDictionary<string, WeightTensor> Tensors { get; }

    /// <summary>The entries among the tensors that are not read as tensors: name and kind.</summary>
    public IReadOnlyDictionary<string, string> Unread { get; }

    /// <summary>The state dict that was read; empty if the file itself is one.</summary>
    public string StateDict { get; }

    /// <summary>
    /// The state dicts of the file, the preferred ones first; without those that are read only if they are asked for.
    /// </summary>
    public IReadOnlyList<string> StateDicts { get; }

    /// <summary>What to do if another state dict is meant, for messages; empty if the file holds no other.</summary>
    public string OtherStateDicts
    {
        get
        {
            string[] others = [.. StateDicts.Where(name => name != StateDict).Select(name => $"'{name}'")];
            return others.Length == 0
                ? ""
                : $"; '{StateDict}' was taken, and there is also {NameList.Of(others)}: {AnotherStateDict}";
        }
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="stateDict">The state dict to read; null: the moving average, if there is one.</param>
    /// <exception cref="InvalidInputException">
    /// The file is missing, damaged, or holds no tensors; the message names it and what to do.
    /// </exception>
    public static WeightsFile Read(string path, string? stateDict = null)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (!stream.CanSeek)
            {
                throw new InvalidInputException($"{path} is a pipe or a device; give a regular file") { File = path };
            }

            if (!SafeTensorsReader.IsOne(stream))
            {
                if (!PyTorchFile.IsOne(stream))
                {
                    throw new InvalidInputException(
                        $"{path} is neither a safetensors file nor one that torch.save wrote; give such a file "
                            + "(.safetensors, .pth, .pt) with the weights"
                            + (
                                Path.GetExtension(path) is ".onnx"
                                    ? ", such as the one that this model was made from"
                                    : ""
                            )
                    )
                    {
                        File = path,
                    };
                }

                using PyTorchFile file = PyTorchFile.Open(stream);
                return Of(file, stream.Length, stateDict);
            }
        }
        catch (Exception exception)
            when (exception is FormatException or InvalidDataException or EndOfStreamException or OverflowException)
        {
            throw new InvalidInputException(
                $"{path} cannot be read as weights of PyTorch: {exception.Message}",
                exception
            )
            {
                File = path,
            };
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path} does not exist", exception) { File = path };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Directory.Exists(path)
                ? new InvalidInputException($"{path} is a folder; give a file of weights", exception) { File = path }
                : InvalidInputException.Unreadable(path, path, exception);
        }

        (IReadOnlyDictionary<string, WeightTensor> tensors, IReadOnlyDictionary<string, string> unread, _) =
            SafeTensorsReader.Read(path, isOwn: false);
        return stateDict is null
            ? new WeightsFile(Unwrapped(tensors), unread, "", [""])
            : throw new InvalidInputException($"{path} is a safetensors file, which holds one set of tensors alone")
            {
                File = path,
                Value = stateDict,
            };
    }

    /// <summary>The same file with other tensors.</summary>
    public WeightsFile With(IReadOnlyDictionary<string, WeightTensor> tensors) =>
        new(tensors, Unread, StateDict, StateDicts);

    /// <summary>The same file without a prefix that the names of all tensors have.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <returns>Null if they do not have it.</returns>
    public WeightsFile? Without(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        string[] names = NamesWithin(Tensors);
        return names.Length > 0 && names.All(name => name.StartsWith(prefix, StringComparison.Ordinal))
            ? With(Without(Tensors, names, prefix.Length))
            : null;
    }

    private static WeightsFile Of(PyTorchFile file, long bytes, string? wanted)
    {
        IReadOnlyList<TensorSet> all = StateDictFinder.Find(file.Root);
        TensorSet chosen = wanted is null
            ? all[0]
            : all.FirstOrDefault(one => one.Name == wanted)
                ?? throw new FormatException(
                    $"it has no state dict '{wanted}'; there are "
                        + NameList.Of([
                            .. all.Select(one => one.Name.Length == 0 ? "'' (the file itself)" : $"'{one.Name}'"),
                        ])
                );
        var recipes = new Dictionary<string, TensorRecipe>();
        var unread = new Dictionary<string, string>();
        foreach ((object? key, object? value) in chosen.Items.Items)
        {
            if (key is not string tensor)
            {
                continue;
            }

            TensorSet.RequireName(tensor);

            // Of a name that comes twice, the last tensor counts, as in Python.
            recipes.Remove(tensor);
            unread.Remove(tensor);
            if (TensorRecipe.Of(value) is { } recipe)
            {
                recipes.Add(tensor, recipe);
            }
            else
            {
                unread.Add(tensor, value is PickleCall call ? call.Name : "no tensor");
            }
        }

        decimal memory = recipes.Values.Sum(recipe => (decimal)recipe.Count * sizeof(float));
        if (memory > (bytes * LargestExpansion) + SmallFile)
        {
            throw new FormatException(
                $"its tensors take more than {LargestExpansion} times as much memory as the file; save clones"
            );
        }

        // In the order of the storages, so that each is read once.
        var values = recipes
            .OrderBy(pair => pair.Value.Storage, StringComparer.Ordinal)
            .ToDictionary(pair => pair.Key, pair => file.Read(pair.Value));
        return new WeightsFile(
            Unwrapped(
                recipes.ToDictionary(pair => pair.Key, pair => new WeightTensor(pair.Value.Shape, values[pair.Key]))
            ),
            unread,
            chosen.Name,
            [.. all.Where(one => !one.IsMinor).Select(one => one.Name)]
        );
    }

    private static IReadOnlyDictionary<string, WeightTensor> Unwrapped(
        IReadOnlyDictionary<string, WeightTensor> tensors
    )
    {
        string[] names = NamesWithin(tensors);
        int wrapped = 0;
        while (names.Length > 0 && WrapperOf(names, wrapped) is { } wrapper)
        {
            wrapped += wrapper.Length;
        }

        return wrapped == 0 && !tensors.ContainsKey(AverageCount) ? tensors : Without(tensors, names, wrapped);
    }

    /// <summary>
    /// The names of what may be within a wrapper: not of single numbers without a path, which a wrapper adds.
    /// </summary>
    private static string[] NamesWithin(IReadOnlyDictionary<string, WeightTensor> tensors) =>
        [
            .. tensors
                .Where(pair => pair.Key.Contains('.', StringComparison.Ordinal) || pair.Value.Values.Length > 1)
                .Select(pair => pair.Key),
        ];

    /// <summary>Tensors without the first letters of some of their names, nor the count of an average.</summary>
    private static Dictionary<string, WeightTensor> Without(
        IReadOnlyDictionary<string, WeightTensor> tensors,
        IReadOnlyList<string> names,
        int letters
    )
    {
        var shorter = names.ToDictionary(name => name[letters..], name => tensors[name]);
        foreach ((string name, WeightTensor tensor) in tensors.ExceptBy(names, pair => pair.Key))
        {
            if (name != AverageCount)
            {
                shorter.TryAdd(name, tensor);
            }
        }

        return shorter;
    }

    /// <summary>The prefix that all names have from a letter on; null if they have none.</summary>
    private static string? WrapperOf(IEnumerable<string> names, int from) =>
        Array.Find(
            Wrappers,
            wrapper => names.All(name => string.CompareOrdinal(name, from, wrapper, 0, wrapper.Length) == 0)
        );
}
