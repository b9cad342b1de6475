using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>An <see cref="IFusedPass"/> as a node of libtorch's graph.</summary>
/// <remarks>
/// TorchSharp disposes of none of the handles that a function returns or is given; here each is disposed of as soon as nobody
/// needs it, or memory would grow until the garbage collector happens to run.
/// </remarks>
internal sealed class FusedFunction : autograd.SingleTensorFunction<FusedFunction>
{
    private const string Key = "pass";

    [ThreadStatic]
    private static List<Tensor?>? _returned;

    /// <inheritdoc/>
    public override string Name => nameof(FusedFunction);

    /// <summary>The output, with a node in the graph where gradients are wanted.</summary>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    /// <param name="weights">What else the output depends on; all of them want a gradient or none.</param>
    /// <param name="create">Makes the pass.</param>
    public static Tensor Run(Tensor x, Tensor[] weights, Func<WantedGradients, IFusedPass> create)
    {
        var wanted = new WantedGradients(is_grad_enabled() && x.requires_grad, is_grad_enabled() && weights[0].requires_grad);
        IFusedPass pass = create(wanted);
        if (!wanted.Any)
        {
            using (pass)
            {
                using var withoutGraph = no_grad();
                return pass.Forward(x);
            }
        }

        DisposeReturned();
        var holder = new Holder(pass);
        Tensor output = apply(wanted.OfWeights ? [x, .. weights, holder] : [x, holder]);
        holder.Output!.Dispose();
        return output;
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var holder = (Holder)vars[^1];
        ctx.save_data(Key, holder.Pass);
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
        try
        {
            using var withoutGraph = no_grad();
            DisposeReturned();
            var pass = (IFusedPass)ctx.get_data(Key);
            List<Tensor?> gradients = pass.Backward(grad_output);
            pass.Dispose();
            grad_output.Dispose();
            _returned = gradients;
            return [.. gradients.Select(gradient => gradient!), null!];
        }
#pragma warning disable CA1031 // Whatever it is must not unwind through native frames.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Environment.FailFast($"a backward pass failed: {exception.Message}", exception);
            throw;
        }
    }

    private static void DisposeReturned()
    {
        _returned?.ForEach(tensor => tensor?.Dispose());
        _returned = null;
    }

    // Takes the pass in and its output's handle out.
    private sealed class Holder(IFusedPass pass)
    {
        public IFusedPass Pass { get; } = pass;

        public Tensor? Output { get; set; }
    }
}
