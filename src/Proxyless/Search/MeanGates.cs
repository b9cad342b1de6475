using Proxyless.Networks;
using Proxyless.Training;
using static TorchSharp.torch;

namespace Proxyless.Search;

/// <summary>
/// The loss of a path and the gradients of gates by it (<see cref="GatePass"/>), averaged over all processes that share
/// the batch.
/// </summary>
internal sealed class MeanGates
{
    private readonly Dictionary<(int Block, int Candidate), double> _gradients = [];

    private MeanGates(double loss) => Loss = loss;

    /// <summary>The batch's cross entropy along the path.</summary>
    public double Loss { get; }

    /// <summary>dL/dg of one of the requested gates.</summary>
    public double this[int block, int candidate] => _gradients[(block, candidate)];

    /// <summary>Runs the pass.</summary>
    /// <param name="network">The super-network.</param>
    /// <param name="path">The active candidate of each block.</param>
    /// <param name="candidates">The requested candidates of each block.</param>
    /// <param name="images">[N, C, H, W] of the architecture split.</param>
    /// <param name="labels">[N], int64.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="parallel">The processes.</param>
    public static MeanGates Of(
        SuperNetwork network,
        IReadOnlyList<int> path,
        int[][] candidates,
        Tensor images,
        Tensor labels,
        ClassificationLoss loss,
        DataParallel parallel
    )
    {
        (int Block, int Candidate)[] gates = [.. candidates.SelectMany((all, block) => all.Select(j => (block, j)))];
        using GatePass pass = GatePass.Run(network, path, images, labels, loss);
        double[] means = [pass.Loss, .. gates.Select(gate => pass.GateGradient(gate.Block, gate.Candidate))];
        parallel.Average(means, loss.ShareOf(labels));
        var result = new MeanGates(means[0]);
        foreach (((int Block, int Candidate) gate, double gradient) in gates.Zip(means[1..]))
        {
            result._gradients.Add(gate, gradient);
        }

        return result;
    }
}
