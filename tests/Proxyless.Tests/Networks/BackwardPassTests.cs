using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Networks;

/// <summary>A graph of two blocks with passes between them that may fail.</summary>
public sealed class BackwardPassTests : IDisposable
{
    private readonly TensorFactory _factory;
    private readonly BlockPath _below;
    private readonly BlockPath _above;
    private readonly NetworkTensor _weight;
    private readonly NetworkTensor[] _tensors;
    private readonly List<Between> _passes = [];

    public BackwardPassTests()
    {
        Libtorch.Load();
        _factory = new TensorFactory(new NetworkOptions());
        var block = new Block(CandidateOperation.Parse("mb3e3"), 8, 8, 1, 6);
        _below = new BlockPath(_factory, "below", block, Activation.Relu6);
        _above = new BlockPath(_factory, "above", block, Activation.Relu6);
        _weight = new NetworkTensor("weight", ones(1).requires_grad_(), TensorRole.Weight);
        _tensors = [.. _below.Tensors.Concat(_above.Tensors).Where(tensor => tensor.IsTrained), _weight];
    }

    public void Dispose()
    {
        _below.Dispose();
        _above.Dispose();
        _weight.Dispose();
        _factory.Dispose();
    }

    [Fact]
    public void What_a_pass_throws_reaches_the_caller_and_the_next_step_is_as_if_nothing_had_been()
    {
        float[][] expected = Step([null]);
        var failure = new TimeoutException("no kernel came in time");
        Assert.Same(failure, Assert.Throws<TimeoutException>(() => Step(failure)));
        Assert.All(_tensors, tensor => Assert.Null(tensor.Value.grad));
        Assert.All(_passes, pass => Assert.True(pass.IsDisposed));
        Assert.Equal(expected, Step([null]));
    }

    [Fact]
    public void Of_several_passes_that_would_fail_the_first_to_run_is_told_and_no_other_runs()
    {
        float[][] expected = Step(null, null, null);
        var later = new TimeoutException("of the third pass, whose gradient is computed first");
        var earlier = new InvalidOperationException("of the second pass");
        Assert.Same(later, Assert.Throws<TimeoutException>(() => Step(null, earlier, later)));
        Assert.Equal([false, false, true], _passes.Select(pass => pass.HasRunBack));
        Assert.All(_passes, pass => Assert.True(pass.IsDisposed));
        Assert.All(_tensors, tensor => Assert.Null(tensor.Value.grad));
        Assert.Equal(expected, Step(null, null, null));
    }

    [Fact]
    public void Gradients_that_were_handed_over_are_not_kept_until_the_next_step()
    {
        Step(null, null);
        Assert.All(_passes, pass => Assert.All(pass.Returned, gradient => Assert.True(gradient.IsInvalid)));
    }

    [Fact]
    public void Gradients_of_two_passes_before_a_step_are_added()
    {
        float[][] once = Step([null]);
        Run([null]);
        float[][] twice = Step([null]);
        Assert.All(once.Zip(twice), pair => Assert.Equal(pair.First.Select(value => 2 * value), pair.Second));
    }

    [Fact]
    public void What_failed_in_a_graph_that_others_differentiate_is_told_at_the_next_pass()
    {
        using Tensor x = ones(1, 1, 2, 2).requires_grad_();
        using (Tensor y = FusedFunction.Run(x, [_weight.Value], _ => new Between(new TimeoutException("late"))))
        using (Tensor sum = y.sum())
        {
            sum.backward();
        }

        using Tensor missing = x.grad!;
        Assert.All(missing.data<float>().ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.Equal("late", Assert.Throws<TimeoutException>(() => Step([null])).Message);
        Step([null]);
    }

    [Fact]
    public void A_gradient_that_does_not_fit_its_weight_is_a_failure_of_the_whole_pass()
    {
        using Tensor x = ones(1, 1, 2, 2).requires_grad_();
        using var failing = new Between(null) { OfWeight = () => ones(2) };
        using (Tensor y = FusedFunction.Run(x, [_weight.Value], _ => failing))
        using (Tensor sum = y.sum())
        {
            sum.backward();
        }

        using Tensor missing = x.grad!;
        Assert.All(missing.data<float>().ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.StartsWith(
            "a gradient of shape [2] does not fit",
            Assert.Throws<InvalidOperationException>(FusedFunction.Finish).Message,
            StringComparison.Ordinal
        );
        Assert.All(failing.Returned, gradient => Assert.True(gradient.IsInvalid));
    }

    [Fact]
    public void A_weight_that_is_frozen_between_the_passes_receives_no_gradient()
    {
        using Tensor x = ones(1, 1, 2, 2).requires_grad_();
        using Tensor y = FusedFunction.Run(x, [_weight.Value], _ => new Between(null));
        using Tensor sum = y.sum();
        _weight.Value.requires_grad = false;
        sum.backward();
        Assert.Null(_weight.Value.grad);
        using Tensor gradient = x.grad!;
        Assert.All(gradient.data<float>().ToArray(), value => Assert.Equal(1, value));
    }

    [Fact]
    public void All_the_product_calls_backward_here()
    {
        string sources = Path.Combine(Repository.Root, "src");
        IEnumerable<string> callers = Directory
            .EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains(".backward(", StringComparison.Ordinal));
        Assert.Equal("BackwardPass.cs", Path.GetFileName(Assert.Single(callers)));
    }

    /// <summary>Forward and backward, with a pass between the blocks for each failure; null is none.</summary>
    /// <returns>The gradients of all tensors, which are then gone.</returns>
    private float[][] Step(params Exception?[] failures)
    {
        Run(failures);
        return [.. _tensors.Select(Take)];
    }

    private void Run(Exception?[] failures)
    {
        _passes.Clear();
        using var generator = new Generator(3, CPU);
        using Tensor noise = randn(4, 8, 6, 6, generator: generator);
        using Tensor input = MemoryLayout.ChannelsLast(noise);
        using Tensor factors = randn(4, 8, 6, 6, generator: generator);
        Tensor x = _below.Forward(input, NormPass.Frozen);
        foreach (Exception? failure in failures)
        {
            using Tensor before = x;
            x = FusedFunction.Run(
                before,
                [_weight.Value],
                _ =>
                {
                    _passes.Add(new Between(failure));
                    return _passes[^1];
                }
            );
        }

        using Tensor between = x;
        using Tensor output = _above.Forward(between, NormPass.Frozen);
        using Tensor product = output * factors;
        using Tensor sum = product.sum();
        BackwardPass.Run(sum, _tensors);
    }

    private static float[] Take(NetworkTensor tensor)
    {
        using Tensor gradient = tensor.Value.grad!;
        using Tensor packed = gradient.contiguous();
        tensor.Value.grad = null;
        return packed.data<float>().ToArray();
    }

    /// <summary>Hands its input on, and the gradient back, or throws.</summary>
    private sealed class Between(Exception? failure) : IFusedPass
    {
        public bool IsDisposed { get; private set; }

        public bool HasRunBack { get; private set; }

        public List<Tensor> Returned { get; } = [];

        public Func<Tensor> OfWeight { get; init; } = () => ones(1);

        public Tensor Forward(Tensor x) => x.clone();

        public List<Tensor?> Backward(Tensor gradient)
        {
            HasRunBack = true;
            if (failure is not null)
            {
                throw failure;
            }

            Returned.AddRange(gradient.clone(), OfWeight());
            return [.. Returned];
        }

        public void Dispose() => IsDisposed = true;
    }
}
