using System.Runtime.ExceptionServices;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>An <see cref="IFusedPass"/> as a node of libtorch's graph.</summary>
/// <remarks>
/// TorchSharp does not dispose of the handles that a function returns or receives. Here each is disposed of as soon as
/// nobody needs it; otherwise memory would grow until the garbage collector happens to run. No exception may unwind
/// through libtorch's frames. The exception of a backward pass is kept, no later pass of the graph computes anything,
/// all gradients are returned as NaN, and <see cref="Finish"/>, which <see cref="BackwardPass"/> calls, throws the
/// exception once libtorch has returned. libtorch runs the backward pass of a CPU graph on the thread that requests it.
/// Gradients of weights are set here: libtorch would copy each that it receives, since a handle of it exists.
/// </remarks>
internal sealed class FusedFunction : autograd.SingleTensorFunction<FusedFunction>
{
    private const string Key = "pass";

    [ThreadStatic]
    private static List<Tensor?>? _returned;

    [ThreadStatic]
    private static ExceptionDispatchInfo? _failure;

    [ThreadStatic]
    private static Action<Tensor>? _completed;

    /// <summary>Called on this thread with each weight whose gradient a backward pass has set or added to.</summary>
    internal static Action<Tensor>? Completed
    {
        set => _completed = value;
    }

    /// <inheritdoc/>
    public override string Name => nameof(FusedFunction);

    /// <summary>The output, with a node in the graph where gradients are wanted.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    /// <param name="weights">
    /// The other tensors that the output depends on, if any; either all of them want a gradient or none. Gradients of
    /// leaves are added to theirs by the backward pass itself: hooks of them and autograd.grad receive none.
    /// </param>
    /// <param name="create">Creates the pass.</param>
    /// <param name="evaluate">Computes the output where no gradient is wanted; null if the pass does.</param>
    public static Tensor Run(
        Tensor x,
        Tensor[] weights,
        Func<WantedGradients, IFusedPass> create,
        Func<Tensor, Tensor>? evaluate = null
    )
    {
        // Left by a graph that somebody else differentiated, and that failed.
        Finish();
        var wanted = new WantedGradients(
            is_grad_enabled() && x.requires_grad,
            is_grad_enabled() && weights.Length > 0 && weights[0].requires_grad
        );
        if (!wanted.Any)
        {
            using var withoutGraph = no_grad();
            if (evaluate is not null)
            {
                return evaluate(x);
            }

            using IFusedPass only = create(wanted);
            return only.Forward(x);
        }

        IFusedPass pass = create(wanted);
        var holder = new Holder(pass)
        {
            Weights = wanted.OfWeights ? weights : [],
            Shapes =
            [
                wanted.OfInput ? x.shape : null,
                .. wanted.OfWeights ? weights.Select(weight => weight.shape) : [],
            ],
        };
        Tensor output = apply(wanted.OfWeights ? [x, .. weights, holder] : [x, holder]);
        holder.Output!.Dispose();
        return output;
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var holder = (Holder)vars[^1];
        ctx.save_data(Key, holder);
        try
        {
            holder.Output = holder.Pass.Forward((Tensor)vars[0]);
            return holder.Output;
        }
        catch
        {
            // TorchSharp keeps the node of a function that failed.
            holder.Pass.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var withoutGraph = no_grad();
        DisposeReturned();
        var holder = (Holder)ctx.get_data(Key);
        using (grad_output)
        using (holder.Pass)
        {
            if (_failure is null)
            {
                try
                {
                    _returned = holder.Pass.Backward(grad_output);
                    Take(_returned, holder);
                }
#pragma warning disable CA1031 // Whatever it is must not unwind through native frames.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _failure = ExceptionDispatchInfo.Capture(exception);
                    DisposeReturned();
                }
            }

            // Views of a single number each: the failure may be that there is no memory for more.
            _returned ??= [.. holder.Shapes.Select(shape => shape is null ? null : Missing(shape, grad_output.dtype))];
        }

        return [.. _returned.Select(gradient => gradient!), null!];
    }

    /// <summary>
    /// Disposes of the gradients that this thread's passes returned last, and throws the exception of one of them,
    /// once.
    /// </summary>
    internal static void Finish()
    {
        DisposeReturned();
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    // What is taken is no longer returned. Weights that are not leaves have no gradient of their own, and one that has
    // ceased to want one since receives none.
    private static void Take(List<Tensor?> gradients, Holder holder)
    {
        for (int i = 0; i < holder.Weights.Length; i++)
        {
            Tensor weight = holder.Weights[i];
            if (!weight.is_leaf || !weight.requires_grad || gradients[i + 1] is not { } gradient)
            {
                continue;
            }

            // Unlike the engine, TorchSharp's setter takes any shape.
            if (!gradient.shape.AsSpan().SequenceEqual(holder.Shapes[i + 1]))
            {
                throw new InvalidOperationException(
                    $"a gradient of shape [{string.Join(", ", gradient.shape)}] "
                        + $"does not fit a weight of shape [{string.Join(", ", weight.shape)}]"
                );
            }

            gradients[i + 1] = null;
            using (gradient)
            using (Tensor? before = weight.grad)
            {
                if (before is null)
                {
                    weight.grad = gradient;
                }
                else
                {
                    InPlace.Add(before, gradient);
                }
            }

            _completed?.Invoke(weight);
        }
    }

    private static Tensor Missing(long[] shape, ScalarType type)
    {
        using Tensor number = WithScalar.Full(1, double.NaN, type);
        return number.expand(shape);
    }

    private static void DisposeReturned()
    {
        _returned?.ForEach(tensor => tensor?.Dispose());
        _returned = null;
    }

    // Carries the pass in and the handle of its output out.
    private sealed class Holder(IFusedPass pass)
    {
        public IFusedPass Pass { get; } = pass;

        public Tensor? Output { get; set; }

        /// <summary>The weights whose gradients are wanted.</summary>
        public required Tensor[] Weights { get; init; }

        /// <summary>The shapes of the gradients, in the order of <see cref="IFusedPass.Backward"/>.</summary>
        public required IReadOnlyList<long[]?> Shapes { get; init; }
    }
}
