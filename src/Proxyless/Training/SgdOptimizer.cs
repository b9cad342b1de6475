using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Runtime.Kernels;
using Proxyless.Weights;
using static TorchSharp.torch;

namespace Proxyless.Training;

/// <summary>
/// Stochastic gradient descent with Nesterov momentum (Sutskever et al., ICML 2013, in PyTorch's form): g += decay * w,
/// v = momentum * v + g, w -= rate * (g + momentum * v). It updates only tensors that have a gradient: numbers that
/// were not involved in a step keep their value and their momentum exactly. Parts of one memory block have parts of one
/// momentum.
/// </summary>
internal sealed class SgdOptimizer : IDisposable
{
    private readonly Dictionary<NetworkTensor, Tensor> _momenta = new(ReferenceEqualityComparer.Instance);

    // Tensors in one memory block have their momenta in one memory block.
    private readonly Dictionary<WholeTensor, Tensor> _wholeMomenta = new(ReferenceEqualityComparer.Instance);

    /// <summary>Share of the last step's direction that is kept.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Weight decay, only for <see cref="TensorRole.Weight"/>.</summary>
    public double WeightDecay { get; init; } = 4e-5;

    /// <summary>The largest norm of the gradients of a step (<see cref="GradientClipping"/>); null for any.</summary>
    public double? MostGradient { get; init; }

    /// <summary>
    /// What computes the step on a CPU in single precision; libtorch's operators do so everywhere else.
    /// </summary>
    public BlockKernels Kernels { get; init; } = BlockKernels.Proxyless;

    /// <summary>Updates the tensors that have a gradient and removes the gradients.</summary>
    /// <param name="tensors">
    /// The tensors involved in the step; no two of them are parts of one memory block, since only one of its parts can
    /// have been on a path.
    /// </param>
    /// <param name="rate">Learning rate.</param>
    public void Step(IEnumerable<NetworkTensor> tensors, double rate)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (MostGradient is { } most)
        {
            GradientClipping.Clip(tensors, most);
        }

        using var withoutGraph = no_grad();
        var segments = new List<MomentumSegment>();
        var gradients = new List<Tensor>();
        foreach (NetworkTensor tensor in tensors)
        {
            if (!tensor.IsTrained || tensor.Value.grad is not { } gradient)
            {
                continue;
            }

            tensor.Value.grad = null;
            gradients.Add(gradient);
            double decay = tensor.Role == TensorRole.Weight ? WeightDecay : 0;
            Tensor momentum = MomentumFor(tensor);
            if (
                HasOwnKernel(gradient)
                && IsDense(tensor.Value)
                && AreAlike(tensor.Value, gradient)
                && AreAlike(tensor.Value, momentum)
            )
            {
                segments.Add(
                    new MomentumSegment(
                        TensorMemory.Address(tensor.Value),
                        TensorMemory.Address(gradient),
                        TensorMemory.Address(momentum),
                        gradient.numel(),
                        (float)decay
                    )
                );
            }
            else
            {
                StepWithOperators(tensor.Value, gradient, momentum, decay, rate);
            }
        }

        MomentumKernel.Step(segments, (float)rate, (float)Momentum);
        gradients.ForEach(gradient => gradient.Dispose());
    }

    /// <summary>Removes the momenta of tensors that were pruned.</summary>
    public void Forget(IEnumerable<NetworkTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        foreach (NetworkTensor tensor in tensors)
        {
            if (_momenta.Remove(tensor, out Tensor? momentum))
            {
                momentum.Dispose();
            }
        }
    }

    /// <summary>The momentum of a tensor, or null before its first step.</summary>
    internal Tensor? MomentumOf(NetworkTensor tensor) => _momenta.GetValueOrDefault(tensor);

    /// <summary>The momenta by name, for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Value)> State =>
        _momenta
            .Where(pair => pair.Key.Part is null)
            .Select(pair => (StateName(pair.Key.Name), pair.Value))
            .Concat(_wholeMomenta.Select(pair => (StateName(pair.Key.Name), pair.Value)))
            .OrderBy(state => state.Item1, StringComparer.Ordinal);

    /// <summary>Restores momenta from a checkpoint; tensors without one start from zero.</summary>
    /// <exception cref="InvalidInputException">A momentum is of another shape.</exception>
    public void Restore(SafeTensorsFile file, IEnumerable<NetworkTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(tensors);
        foreach (NetworkTensor tensor in tensors)
        {
            if (tensor.Part is { } part && _wholeMomenta.ContainsKey(part.Whole))
            {
                continue;
            }

            if (file.Tensors.TryGetValue(StateName(tensor.Part?.Whole.Name ?? tensor.Name), out WeightTensor? saved))
            {
                Tensor momentum = tensor.Part is null ? MomentumFor(tensor) : WholeMomentumFor(tensor.Part.Whole);
                if (!saved.Shape.SequenceEqual(momentum.shape))
                {
                    throw new InvalidInputException(
                        $"the checkpoint's momentum of '{tensor.Name}' is [{string.Join(", ", saved.Shape)}], the "
                            + $"network's is [{string.Join(", ", momentum.shape)}]"
                    );
                }

                using Tensor values = FromArray(saved);
                using var withoutGraph = no_grad();
                momentum.copy_(values);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor momentum in _momenta.Values.Concat(_wholeMomenta.Values))
        {
            momentum.Dispose();
        }
    }

    private bool HasOwnKernel(Tensor tensor) =>
        Kernels == BlockKernels.Proxyless
        && tensor.dtype == ScalarType.Float32
        && tensor.device_type == TorchSharp.DeviceType.CPU;

    /// <summary>
    /// Whether the numbers are contiguous, in any order: the kernel reads all of them, starting from the first.
    /// </summary>
    internal static bool IsDense(Tensor tensor)
    {
        long expected = 1;
        (long Size, long Stride)[] dimensions = [.. tensor.shape.Zip(tensor.stride())];
        foreach ((long size, long stride) in dimensions.Where(one => one.Size > 1).OrderBy(one => one.Stride))
        {
            if (stride != expected)
            {
                return false;
            }

            expected *= size;
        }

        return true;
    }

    // Whether numbers at the same index have the same address offset.
    private static bool AreAlike(Tensor left, Tensor right)
    {
        long[] sizes = left.shape;
        long[] strides = left.stride();
        long[] others = right.stride();
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] > 1 && strides[i] != others[i])
            {
                return false;
            }
        }

        return true;
    }

    private void StepWithOperators(Tensor value, Tensor gradient, Tensor momentum, double decay, double rate)
    {
        if (decay > 0)
        {
            InPlace.Add(gradient, value, decay);
        }

        InPlace.Multiply(momentum, Momentum);
        InPlace.Add(momentum, gradient);
        InPlace.Add(gradient, momentum, Momentum);
        InPlace.Add(value, gradient, -rate);
    }

    private Tensor MomentumFor(NetworkTensor tensor)
    {
        if (!_momenta.TryGetValue(tensor, out Tensor? momentum))
        {
            momentum = (
                tensor.Part is { } part ? part.Of(WholeMomentumFor(part.Whole)) : zeros_like(tensor.Value)
            ).DetachFromDisposeScope();
            _momenta.Add(tensor, momentum);
        }

        return momentum;
    }

    private Tensor WholeMomentumFor(WholeTensor whole)
    {
        if (!_wholeMomenta.TryGetValue(whole, out Tensor? momentum))
        {
            momentum = zeros_like(whole.Value).DetachFromDisposeScope();
            _wholeMomenta.Add(whole, momentum);
        }

        return momentum;
    }

    private static string StateName(string tensor) => $"momentum.{tensor}";

    private static Tensor FromArray(WeightTensor saved) => tensor(saved.Values, saved.Shape);
}
