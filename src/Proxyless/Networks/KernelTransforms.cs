using System.Globalization;
using Proxyless.Weights;
using static TorchSharp.torch;

namespace Proxyless.Networks;

/// <summary>
/// What makes smaller kernels of the larger ones of a network that was trained with both: the middle of a kernel, as a
/// vector, is multiplied by a matrix that belongs to the block (Cai et al., arXiv 1908.09791).
/// </summary>
internal sealed class KernelTransforms
{
    private const string Prefix = "kernel_transforms";
    private const int LargestSide = 15;
    private readonly Dictionary<(int Block, int Side), float[]> _matrices = [];

    /// <summary>The matrices, by the names that they have in a file.</summary>
    public IEnumerable<(string Name, WeightTensor Matrix)> Tensors =>
        _matrices.Select(pair =>
        {
            long pixels = (long)Math.Sqrt(pair.Value.Length);
            return (
                Invariant($"{Prefix}.{pair.Key.Block}.{pair.Key.Side}"),
                new WeightTensor([pixels, pixels], pair.Value)
            );
        });

    /// <summary>Reads what <see cref="Tensors"/> names; null if a file has none.</summary>
    /// <param name="tensors">The tensors of the file.</param>
    public static KernelTransforms? Of(IReadOnlyDictionary<string, WeightTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        var transforms = new KernelTransforms();
        foreach ((string name, WeightTensor matrix) in tensors)
        {
            if (
                name.Split('.') is [Prefix, var block, var side]
                && int.TryParse(block, CultureInfo.InvariantCulture, out int index)
                && int.TryParse(side, CultureInfo.InvariantCulture, out int larger)
            )
            {
                transforms.Add(index, larger, matrix.Values);
            }
        }

        return transforms._matrices.Count > 0 ? transforms : null;
    }

    /// <summary>Adds the matrix of a block.</summary>
    /// <param name="block">The block's number.</param>
    /// <param name="side">Side of the larger kernels; that of the smaller ones is less by 2.</param>
    /// <param name="matrix">Row by row: a row for each pixel of the smaller kernel.</param>
    public void Add(int block, int side, float[] matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        int pixels = (side - 2) * (side - 2);
        if (side is < 3 or > LargestSide || matrix.Length != pixels * pixels)
        {
            throw new InvalidInputException(
                Invariant($"the matrix of block {block} for kernels of {side} has {matrix.Length} numbers and not ")
                    + Invariant($"{pixels * pixels}")
            );
        }

        _matrices[(block, side)] = matrix;
    }

    /// <summary>Makes smaller kernels.</summary>
    /// <param name="block">The block's number.</param>
    /// <param name="kernels">[C, 1, K, K].</param>
    /// <param name="side">Side of the smaller ones.</param>
    /// <returns>[C, 1, side, side]: their middle, where the block has no matrices.</returns>
    public WeightTensor Smaller(int block, WeightTensor kernels, int side)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        WeightTensor made = kernels;
        while (made.Shape[2] > side)
        {
            made = Smaller(made, _matrices.GetValueOrDefault((block, (int)made.Shape[2])));
        }

        return made;
    }

    /// <summary>Makes smaller kernels of a layer's.</summary>
    /// <inheritdoc cref="Smaller(int, WeightTensor, int)"/>
    /// <returns>A tensor that the receiver disposes of.</returns>
    public Tensor Smaller(int block, Tensor kernels, int side)
    {
        ArgumentNullException.ThrowIfNull(kernels);
        using Tensor detached = kernels.detach();
        using Tensor local = detached.cpu();
        using Tensor whole = local.contiguous();
        WeightTensor made = Smaller(block, new WeightTensor(whole.shape, whole.data<float>().ToArray()), side);
        return tensor(made.Values, made.Shape);
    }

    private static WeightTensor Smaller(WeightTensor kernels, float[]? matrix)
    {
        int channels = (int)kernels.Shape[0];
        int side = (int)kernels.Shape[2];
        int smaller = side - 2;
        int pixels = smaller * smaller;
        float[] values = new float[channels * pixels];
        for (int c = 0; c < channels; c++)
        {
            float Middle(int pixel) =>
                kernels.Values[(((c * side) + (pixel / smaller) + 1) * side) + (pixel % smaller) + 1];
            for (int output = 0; output < pixels; output++)
            {
                double sum = 0;
                for (int input = 0; input < pixels && matrix is not null; input++)
                {
                    sum += (double)matrix[(output * pixels) + input] * Middle(input);
                }

                values[(c * pixels) + output] = matrix is null ? Middle(output) : (float)sum;
            }
        }

        return new WeightTensor([channels, 1, smaller, smaller], values);
    }
}
