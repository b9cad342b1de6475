using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// One forward and backward pass along a path with frozen weights that keeps what the gates' gradients need. A block's
/// output is y = sum_j g_j o_j(x), so dL/dg_j = &lt;dL/dy, o_j(x)&gt; (ProxylessNAS, equation 4): the inputs x and the
/// gradients dL/dy of all blocks are kept, and each o_j(x) is computed on request, without graph, one at a time. So the
/// memory is that of one path, however many candidates are requested.
/// </summary>
internal sealed class GatePass : IDisposable
{
    private readonly SuperNetwork _network;
    private readonly IReadOnlyList<int> _path;
    private readonly Tensor[] _features;
    private readonly Tensor?[] _gradients;

    private GatePass(SuperNetwork network, IReadOnlyList<int> path, Tensor[] features, Tensor?[] gradients, double loss)
    {
        _network = network;
        _path = path;
        _features = features;
        _gradients = gradients;
        Loss = loss;
    }

    /// <summary>The batch's cross entropy along the path.</summary>
    public double Loss { get; }

    /// <summary>The active candidate of each block.</summary>
    public IReadOnlyList<int> Path => _path;

    /// <summary>
    /// Runs the pass. Batch norms use the batch's statistics and write nothing; no weight gets a gradient.
    /// </summary>
    /// <param name="network">The super-network.</param>
    /// <param name="path">The active candidate of each block.</param>
    /// <param name="images">[N, C, H, W] of the architecture split.</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="loss">The loss.</param>
    /// <remarks>
    /// Whatever is thrown, gradients of the weights are enabled again and nothing of the pass is kept.
    /// </remarks>
    public static GatePass Run(
        SuperNetwork network,
        IReadOnlyList<int> path,
        Tensor images,
        Tensor labels,
        ClassificationLoss loss
    )
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(loss);
        Tensor[] weights =
        [
            .. network.TensorsOf(path).Where(tensor => tensor.IsTrained).Select(tensor => tensor.Value),
        ];
        var features = new Tensor?[network.Blocks.Count + 1];
        try
        {
            foreach (Tensor weight in weights)
            {
                weight.requires_grad = false;
            }

            features[0] = network.Begin(images, NormPass.Frozen);
            for (int i = 0; i < network.Blocks.Count; i++)
            {
                Tensor output = network.Blocks[i][path[i]].Forward(features[i]!, NormPass.Frozen);
                features[i + 1] = output;
                if (output.requires_grad)
                {
                    output.retain_grad();
                }
                else
                {
                    // The first block's output is the root of the graph: nothing before it has a gate.
                    output.requires_grad = true;
                }
            }

            using Tensor logits = network.Head.Forward(features[^1]!, NormPass.Frozen, dropout: 0);
            using Tensor value = loss.Of(logits, labels);
            BackwardPass.Run(value, []);
            double number = WithScalar.ToDouble(value);
            return new GatePass(network, path, features!, [.. features[1..].Select(feature => feature!.grad)], number);
        }
        catch
        {
            Array.ForEach(features, feature => feature?.Dispose());
            throw;
        }
        finally
        {
            foreach (Tensor weight in weights)
            {
                weight.requires_grad = true;
            }
        }
    }

    /// <summary>Computes dL/dg_j of one candidate of one block; exactly 0 for <c>zero</c>, whose output is 0.</summary>
    public double GateGradient(int block, int candidate)
    {
        BlockPath path = _network.Blocks[block][candidate];
        if (path.Block.Operation.Kind == OperationKind.Zero || _gradients[block] is not { } gradient)
        {
            return 0;
        }

        using var withoutGraph = no_grad();
        Tensor input = _features[block];
        if (candidate == _path[block])
        {
            double whole = InnerProduct(gradient, _features[block + 1]);
            return path.Block.HasShortcut ? whole - InnerProduct(gradient, input) : whole;
        }

        using Tensor? output = path.Output(input, NormPass.Frozen);
        return output is null ? 0 : InnerProduct(gradient, output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor feature in _features)
        {
            feature.Dispose();
        }

        foreach (Tensor? gradient in _gradients)
        {
            gradient?.Dispose();
        }
    }

    private static double InnerProduct(Tensor left, Tensor right)
    {
        using Tensor detached = right.detach();
        using Tensor product = left * detached;
        using Tensor sum = product.sum(ScalarType.Float64);
        return WithScalar.ToDouble(sum);
    }
}
