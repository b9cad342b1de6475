namespace Proxyless.Weights;

/// <summary>Which numbers of PyTorch's storages make up a tensor.</summary>
/// <param name="Storage">The storage's key.</param>
/// <param name="Type">The type of its numbers.</param>
/// <param name="Offset">The first number.</param>
/// <param name="Shape">The tensor's sides.</param>
/// <param name="Strides">Distance from one number to the next, for each side.</param>
internal sealed record TensorRecipe(string Storage, NumberType Type, long Offset, long[] Shape, long[] Strides)
{
    // A parameter is a call around a tensor; a subclass of tensor a call around that.
    private const int DeepestCall = 8;

    /// <summary>The most sides of a tensor: PyTorch's own limit.</summary>
    public const int MostSides = 64;

    /// <summary>The numbers of the tensor.</summary>
    public long Count => Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Whether the numbers follow each other without gaps, in order.</summary>
    public bool IsPacked
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                {
                    return false;
                }

                expected *= Shape[i];
            }

            return true;
        }
    }

    /// <summary>The tensor that a value of a pickle describes; null if it is not one that is understood.</summary>
    /// <exception cref="FormatException">It is one, but its description makes no sense.</exception>
    public static TensorRecipe? Of(object? value) =>
        DescriptionOf(value) is { } description ? RecipeOf(description) : null;

    /// <summary>
    /// Whether a value of a pickle describes a tensor that is understood, even if the description makes no sense.
    /// </summary>
    public static bool IsOne(object? value) => DescriptionOf(value) is not null;

    private static Description? DescriptionOf(object? value)
    {
        for (int depth = 0; depth < DeepestCall && value is PickleCall call; depth++)
        {
            switch ((call.Name, call.Arguments))
            {
                case (
                    "torch._utils._rebuild_parameter"
                        or "torch._utils._rebuild_parameter_with_state",
                    [var data, ..]
                ):
                    value = data;
                    break;
                case ("torch._tensor._rebuild_from_type_v2", [PickleName function, _, PickleTuple arguments, ..]):
                    value = new PickleCall(function, arguments);
                    break;
                case (
                    "torch._utils._rebuild_tensor"
                        or "torch._utils._rebuild_tensor_v2",
                    [PickleReference storage, long offset, PickleTuple shape, PickleTuple strides, ..]
                ):
                    return DescriptionOf(storage, null, offset, shape, strides);
                case (
                    "torch._utils._rebuild_tensor_v3",
                    [
                        PickleReference storage,
                        long offset,
                        PickleTuple shape,
                        PickleTuple strides,
                        _,
                        _,
                        PickleName type,
                        ..,
                    ]
                ):
                    return DescriptionOf(storage, StorageReference.TypeOf(type.Text), offset, shape, strides);
                default:
                    return null;
            }
        }

        return null;
    }

    private static Description? DescriptionOf(
        PickleReference reference,
        NumberType? type,
        long offset,
        PickleTuple shape,
        PickleTuple strides
    ) =>
        StorageReference.Of(reference) is { } storage && (type ?? storage.Type) is { } known
            ? new Description(storage, known, offset, shape, strides)
            : null;

    private static TensorRecipe RecipeOf(Description description)
    {
        (StorageReference storage, NumberType known, long offset, PickleTuple shape, PickleTuple strides) = description;
        if (shape.Items.Count != strides.Items.Count || shape.Items.Count > MostSides)
        {
            throw Senseless();
        }

        long[] sides = Numbers(shape);
        long[] steps = Numbers(strides);
        long numbers = checked(storage.Count * (storage.Type?.Bytes ?? 1)) / known.Bytes;
        var recipe = new TensorRecipe(storage.Key, known, checked(offset + storage.ViewOffset), sides, steps);
        if (offset < 0 || sides.Any(side => side < 0) || steps.Any(step => step < 0))
        {
            throw Senseless();
        }

        // The last number that is read; and no more numbers than are stored, as a view that repeats them would have.
        long last = checked(offset + sides.Zip(steps, (side, step) => Math.Max(side - 1, 0) * step).Sum());
        if (recipe.Count > 0 && (last >= numbers || recipe.Count > numbers))
        {
            throw new FormatException(
                $"a tensor of the shape [{string.Join(", ", sides)}] is beyond the {numbers} numbers of its storage"
            );
        }

        return recipe;
    }

    private static FormatException Senseless() => new("a tensor's shape, strides and offset are not what they can be");

    private static long[] Numbers(PickleTuple tuple) =>
        [
            .. tuple.Items.Select(item =>
                item is long number ? number : throw new FormatException("a side of a tensor is no number")
            ),
        ];

    /// <summary>What a pickle says about a tensor, not checked yet.</summary>
    private sealed record Description(
        StorageReference Storage,
        NumberType Type,
        long Offset,
        PickleTuple Shape,
        PickleTuple Strides
    );
}
