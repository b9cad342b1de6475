namespace Proxyless.Weights;

// What a pickle describes, as data that does nothing. Classes, not records: values may contain each other in cycles,
// and no comparison may follow these.

/// <summary>A list or a set.</summary>
internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public IReadOnlyList<object?> Items { get; } = items;
}

/// <summary>A dictionary, ordered or not; of two entries under one key, the later one counts.</summary>
internal sealed class PickleDictionary
{
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>The name of a class or function, which is never looked up.</summary>
internal sealed class PickleName(string module, string name)
{
    public string Text => $"{module}.{name}";
}

/// <summary>What a call or a class would create; nothing is called and nothing is created.</summary>
internal sealed class PickleCall(object? function, object? arguments)
{
    public object? Function { get; } = function;

    public IReadOnlyList<object?> Arguments { get; } = arguments is PickleTuple tuple ? tuple.Items : [];

    /// <summary>The name of its class or function, for messages.</summary>
    public string Name =>
        Function is not PickleName { Text: var name } ? "an unnamed object"
        : name is "copy_reg._reconstructor" or "copyreg._reconstructor" or "copyreg.__newobj__"
        && Arguments is [PickleName own, ..]
            ? own.Text
        : name;
}

/// <summary>Something outside of the pickle, such as the numbers of a tensor.</summary>
internal sealed class PickleReference(object? id)
{
    public object? Id { get; } = id;
}
