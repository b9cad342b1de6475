using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>A <see cref="FusedBlock"/> as a node of libtorch's graph.</summary>
/// <remarks>
/// TorchSharp disposes of none of the handles that a function returns or is given; here each is disposed of as soon as nobody
/// needs it, or memory would grow until the garbage collector happens to run.
/// </remarks>
internal sealed class FusedBlockFunction : autograd.SingleTensorFunction<FusedBlockFunction>
{
    private const string Key = "block";

    [ThreadStatic]
    private static List<Tensor?>? _returned;

    /// <inheritdoc/>
    public override string Name => nameof(FusedBlockFunction);

    /// <summary>The block's output, with its node in the graph where gradients are wanted.</summary>
    /// <param name="path">The block.</param>
    /// <param name="x">[N, C, H, W]; not disposed of.</param>
    /// <param name="create">Makes the pass, told whether to keep what a backward pass needs, and which gradients.</param>
    public static Tensor Run(BlockPath path, Tensor x, Func<bool, bool, bool, FusedBlock> create)
    {
        Tensor[] weights = [.. path.Tensors.Where(tensor => tensor.IsTrained).Select(tensor => tensor.Value)];
        bool ofInput = is_grad_enabled() && x.requires_grad;
        bool ofWeights = is_grad_enabled() && weights[0].requires_grad;
        FusedBlock block = create(ofInput || ofWeights, ofInput, ofWeights);
        if (!ofInput && !ofWeights)
        {
            using (block)
            {
                using var withoutGraph = no_grad();
                return block.Forward(x);
            }
        }

        DisposeReturned();
        var holder = new Holder(block);
        Tensor output = apply(ofWeights ? [x, .. weights, holder] : [x, holder]);
        holder.Output!.Dispose();
        return output;
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var holder = (Holder)vars[^1];
        ctx.save_data(Key, holder.Block);
        holder.Output = holder.Block.Forward((Tensor)vars[0]);
        return holder.Output;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        try
        {
            using var withoutGraph = no_grad();
            DisposeReturned();
            var block = (FusedBlock)ctx.get_data(Key);
            List<Tensor?> gradients = block.Backward(grad_output);
            grad_output.Dispose();
            _returned = gradients;
            return [.. gradients.Select(gradient => gradient!), null!];
        }
#pragma warning disable CA1031 // Whatever it is must not unwind through native frames.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Environment.FailFast($"the backward pass of a block failed: {exception.Message}", exception);
            throw;
        }
    }

    private static void DisposeReturned()
    {
        _returned?.ForEach(tensor => tensor?.Dispose());
        _returned = null;
    }

    // Takes the block in and its output's handle out.
    private sealed class Holder(FusedBlock block)
    {
        public FusedBlock Block { get; } = block;

        public Tensor? Output { get; set; }
    }
}
