using CsCheck;
using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

/// <summary>
/// Blocks with kernels of our own against the same blocks with libtorch's operators in double precision.
/// </summary>
public sealed class FusedBlockTests
{
    // Never one value of a channel: the unbiased variance of one value is none in libtorch.
    private static readonly Gen<Case> Cases = Gen.Select(
        OneOf(1, 3, 5, 7, 9, 11),
        OneOf(1, 3, 6),
        OneOf(1, 2),
        Gen.Int[1, 3],
        Gen.Int[1, 40],
        Gen.Int[1, 21],
        Gen.Int[2, 19],
        Gen.Bool,
        (kernel, expansion, stride, images, width, height, columns, shortcut) =>
            new Case(
                kernel,
                expansion,
                stride,
                images + (height * columns < 4 * stride * stride ? 3 : 0),
                width,
                shortcut && stride == 1 ? width : width + 3,
                height,
                columns
            )
    );

    static FusedBlockTests() => Libtorch.Load();

    [Fact]
    public void Output_and_all_gradients_equal_libtorchs_in_double_precision() =>
        Cases.Sample(Compare, iter: 60, threads: 1);

    [Theory]
    [InlineData(5, 1, 40, 48, ExpansionMemory.Stored)]
    [InlineData(3, 2, 40, 64, ExpansionMemory.Stored)]
    [InlineData(5, 1, 40, 48, ExpansionMemory.Tiled)]
    [InlineData(3, 2, 40, 64, ExpansionMemory.Tiled)]
    // Vectors of every width, each with tiles of its own.
    [InlineData(5, 1, 13, 65, ExpansionMemory.Tiled)]
    [InlineData(3, 2, 13, 65, ExpansionMemory.Tiled)]
    [InlineData(1, 2, 13, 64, ExpansionMemory.Tiled)]
    // With fewer zeros before an image than behind it.
    [InlineData(3, 2, 40, 64, ExpansionMemory.Stored, ConvolutionPadding.Same)]
    [InlineData(5, 2, 13, 64, ExpansionMemory.Tiled, ConvolutionPadding.Same)]
    [InlineData(7, 2, 40, 48, ExpansionMemory.Tiled, ConvolutionPadding.Same)]
    internal void A_batch_that_is_cut_into_chunks_and_tiles_equals_libtorch(
        int kernel,
        int stride,
        int width,
        int side,
        ExpansionMemory memory,
        ConvolutionPadding padding = ConvolutionPadding.Centered
    )
    {
        var one = new Case(kernel, 6, stride, 5, width, stride == 1 ? width : 24, side, side)
        {
            Memory = memory,
            Padding = padding,
        };
        foreach (NormPass pass in (NormPass[])[NormPass.Training, NormPass.Frozen, NormPass.Evaluation])
        {
            // Among millions of activations some lie on a kink: as a whole the difference must be small, not number by
            // number.
            Results expected = Run(one, ScalarType.Float64, pass);
            Results actual = Run(one, ScalarType.Float32, pass);
            foreach ((string name, double[] values) in expected.Values)
            {
                double distance = Math.Sqrt(values.Zip(actual.Values[name], (x, y) => (x - y) * (x - y)).Sum());
                double length = Math.Sqrt(values.Sum(value => value * value));
                Assert.True(distance <= 2e-3 * length, $"{name} differs by {distance:G3} of {length:G3}");
            }
        }
    }

    /// <summary>Frozen parts of a network want only some gradients, and what is left out takes other ways.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Some_gradients_alone_are_the_same_as_among_all(bool ofInput, bool ofWeights)
    {
        foreach (ExpansionMemory memory in (ExpansionMemory[])[ExpansionMemory.Stored, ExpansionMemory.Tiled])
        {
            foreach (NormPass pass in (NormPass[])[NormPass.Training, NormPass.Frozen, NormPass.Evaluation])
            {
                var all = new Case(3, 3, 1, 2, 8, 8, 13, 14) { Memory = memory };
                Results expected = Run(all, ScalarType.Float32, pass);
                Results some = Run(all with { OfInput = ofInput, OfWeights = ofWeights }, ScalarType.Float32, pass);
                string[] missing = [.. expected.Values.Keys.Except(some.Values.Keys)];
                Assert.Equal(ofInput, !missing.Contains("input"));
                Assert.Equal(ofWeights, !missing.Any(name => name.EndsWith("weight", StringComparison.Ordinal)));
                Assert.All(some.Values, pair => Assert.Equal(expected.Values[pair.Key], pair.Value));
            }
        }
    }

    [Fact]
    public void Output_with_fixed_statistics_and_no_gradient_equals_libtorchs_in_double_precision() =>
        Cases.Sample(CompareEvaluation, iter: 60, threads: 1);

    [Theory]
    [InlineData(ExpansionMemory.Stored)]
    [InlineData(ExpansionMemory.Tiled)]
    internal void One_number_that_is_none_spoils_every_output_of_a_block_in_training(ExpansionMemory memory) =>
        Assert.All(OutputOfNoNumber(memory, NormPass.Training), value => Assert.True(double.IsNaN(value)));

    /// <summary>Of an image; the others do not depend on it.</summary>
    [Theory]
    [InlineData(ExpansionMemory.Stored)]
    [InlineData(ExpansionMemory.Tiled)]
    internal void One_number_that_is_none_spoils_outputs_of_its_image_with_fixed_statistics(ExpansionMemory memory)
    {
        double[] values = OutputOfNoNumber(memory, NormPass.Evaluation);
        for (int i = 0; i < values.Length; i++)
        {
            // What the kernel of 3 reaches from (3, 3), in every channel.
            (int row, int column) = (i / 14 % 14, i % 14);
            bool isReached = i < values.Length / 2 && row is >= 2 and <= 4 && column is >= 2 and <= 4;
            Assert.Equal(isReached, double.IsNaN(values[i]));
        }
    }

    [Fact]
    public void What_is_no_number_stays_none_whatever_the_channel()
    {
        using var factory = new TensorFactory(new NetworkOptions());
        using var layer = new ConvolutionLayer(factory, "layer", 3, 27, 3, 1, 1, Activation.Relu6);
        using Tensor noise = randn(2, 3, 6, 6);
        using Tensor laid = MemoryLayout.ChannelsLast(noise);
        using Tensor broken = WithScalar.Times(laid, float.NaN);
        using var withoutGraph = no_grad();
        foreach (NormPass pass in (NormPass[])[NormPass.Training, NormPass.Evaluation])
        {
            using Tensor output = layer.Forward(broken, pass);
            Assert.All(Values(output), value => Assert.True(double.IsNaN(value)));
        }
    }

    // Of two images, the first of which has no number at (3, 3) of one channel.
    private static double[] OutputOfNoNumber(ExpansionMemory memory, NormPass pass)
    {
        var block = new Block(CandidateOperation.Parse("mb3e3"), 9, 9, 1, 14);
        using var factory = new TensorFactory(new NetworkOptions { ExpansionMemory = memory });
        using var path = new BlockPath(factory, "block", block, Activation.Relu6);
        using Tensor noise = randn(2, 9, 14, 14);
        using Tensor laid = MemoryLayout.ChannelsLast(noise);
        using var withoutGraph = no_grad();
        using Tensor place = laid[0, 0, 3, 3];
        WithScalar.Fill(place, double.NaN);
        using Tensor output = path.Forward(laid, pass);
        return Values(output);
    }

    private static Gen<int> OneOf(params int[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static void Compare(Case one)
    {
        foreach (NormPass pass in (NormPass[])[NormPass.Training, NormPass.Frozen, NormPass.Evaluation])
        {
            CompareBlock(one, pass);
            CompareBlock(Padded(one), pass);

            // What networks have beside blocks: a first convolution of a color image, and 1x1 convolutions.
            Compare(precision => RunLayer(one with { InputWidth = 3, Kernel = 3 }, precision, pass));
            Case image = one with { InputWidth = 3, Kernel = 3, OfInput = false };
            Compare(precision => RunLayer(image, precision, pass));
            Compare(precision => RunLayer(image with { Padding = ConvolutionPadding.Same }, precision, pass));
            Compare(precision => RunLayer(one with { Kernel = 1 }, precision, pass));
        }
    }

    private static void CompareBlock(Case one, NormPass pass) =>
        Compare(
            precision => Run(one, precision, pass),
            precision => Run(one with { Memory = ExpansionMemory.Tiled }, precision, pass)
        );

    // Zeros depend on the height alone, since networks take squares.
    private static Case Padded(Case one) =>
        one with
        {
            Padding = ConvolutionPadding.Same,
            Height = one.Columns,
            Images = one.Images + 3,
        };

    internal static void CompareEvaluation(Case one)
    {
        Case alone = one with { OfInput = false, OfWeights = false };
        Case padded = Padded(alone);
        CompareOutput(precision => Run(padded, precision, NormPass.Evaluation));
        CompareOutput(precision => Run(padded with { Memory = ExpansionMemory.Tiled }, precision, NormPass.Evaluation));
        CompareOutput(precision => Run(alone, precision, NormPass.Evaluation));
        CompareOutput(precision => Run(alone with { Memory = ExpansionMemory.Tiled }, precision, NormPass.Evaluation));
        CompareOutput(precision => RunLayer(alone with { Kernel = 1 }, precision, NormPass.Evaluation));
        Case image = alone with { InputWidth = 3, Kernel = 3 };
        CompareOutput(precision => RunLayer(image, precision, NormPass.Evaluation));
        image = image with { Padding = ConvolutionPadding.Same };
        CompareOutput(precision => RunLayer(image, precision, NormPass.Evaluation));
    }

    // No output jumps at a kink.
    private static void CompareOutput(Func<ScalarType, Results> run) =>
        AssertNear(run(ScalarType.Float64), run(ScalarType.Float32), 1e-4);

    private static void Compare(params Func<ScalarType, Results>[] runs)
    {
        // Nearer to 0 or 6 than single precision tells, an activation's gradient is 1 in one precision and 0 in the
        // other.
        Results expected = runs[0](ScalarType.Float64);
        if (expected.NearestKink > 1e-5)
        {
            Array.ForEach(runs, run => AssertNear(expected, run(ScalarType.Float32), 2e-3));
        }
    }

    internal static void AssertNear(Results expected, Results actual, double tolerance)
    {
        Assert.Equal(expected.Values.Keys, actual.Values.Keys);
        foreach ((string name, double[] values) in expected.Values)
        {
            // A gradient that is the sum of what cancels has the error of its terms, which are of the order of 1.
            double scale = Math.Max(0.1, values.Max(Math.Abs));
            double largest = values
                .Zip(actual.Values[name], (x, y) => double.IsNaN(x - y) ? double.PositiveInfinity : Math.Abs(x - y))
                .Max();
            Assert.True(largest <= tolerance * scale, $"{name} differs by {largest:G3} of {scale:G3}");
        }
    }

    internal static Results Run(Case one, ScalarType precision, NormPass pass)
    {
        var block = new Block(
            CandidateOperation.Parse($"mb{one.Kernel}e{one.Expansion}"),
            one.InputWidth,
            one.OutputWidth,
            one.Stride,
            Math.Max(one.Height, one.Columns)
        );
        using var factory = new TensorFactory(
            new NetworkOptions { Precision = precision, ExpansionMemory = one.Memory }
        );
        using var path = new BlockPath(factory, "block", block, Activation.Relu6, one.Padding);
        return Run(
            one,
            precision,
            [.. path.Tensors],
            x => path.Forward(x, pass),
            x =>
            {
                Tensor expanded = path.Expand is { } expand ? Normalized(expand, x, pass) : x.alias();
                Tensor filtered = Normalized(
                    path.Depthwise!,
                    path.Expand is null ? x : WithScalar.Clamp(expanded, 0, 6),
                    pass,
                    one.Padding
                );
                return path.Expand is null ? [filtered] : [expanded, filtered];
            }
        );
    }

    internal static Results RunLayer(Case one, ScalarType precision, NormPass pass)
    {
        using var factory = new TensorFactory(new NetworkOptions { Precision = precision });
        using var layer = new ConvolutionLayer(
            factory,
            "layer",
            one.InputWidth,
            one.OutputWidth,
            one.Kernel,
            one.Stride,
            1,
            Activation.Relu6,
            one.Padding
        );
        return Run(
            one,
            precision,
            [.. layer.Tensors],
            x => layer.Forward(x, pass),
            x => [Normalized(layer, x, pass, one.Padding)]
        );
    }

    private static Results Run(
        Case one,
        ScalarType precision,
        NetworkTensor[] tensors,
        Func<Tensor, Tensor> forward,
        Func<Tensor, Tensor[]> normalized
    )
    {
        // Holds what stands in the midst of expressions, too: see WithScalar.
        using var all = NewDisposeScope();
        using var generator = new Generator(7, CPU);
        foreach (NetworkTensor tensor in tensors)
        {
            using Tensor values = rand(tensor.Value.shape, generator: generator);
            using var withoutGraph = no_grad();

            // Variances are summed around running means: one that is far from the batch's costs digits, and in training
            // none is.
            (double factor, double offset) = tensor switch
            {
                { Role: TensorRole.Weight } => (1, -0.5),
                { Role: TensorRole.Statistic } when tensor.Name.EndsWith("mean", StringComparison.Ordinal) => (
                    0.4,
                    -0.2
                ),
                _ => (2, 0.3),
            };
            tensor.Value.copy_(WithScalar.Plus(WithScalar.Times(values, factor), offset));
        }

        using Tensor noise = randn(one.Images, one.InputWidth, one.Height, one.Columns, generator: generator);
        using Tensor laid = MemoryLayout.ChannelsLast(noise);
        using Tensor input = laid.to(precision).requires_grad_(one.OfInput);
        foreach (NetworkTensor tensor in tensors.Where(tensor => tensor.IsTrained))
        {
            tensor.Value.requires_grad_(one.OfWeights);
        }

        using Tensor output = forward(input);
        using Tensor factors = randn(output.shape, generator: generator);
        using Tensor product = output * factors.to(precision);
        using Tensor sum = product.sum();
        if (one.OfInput || one.OfWeights)
        {
            sum.backward();
        }

        var results = new Dictionary<string, double[]> { ["output"] = Values(output) };
        if (one.OfInput)
        {
            results["input"] = Values(input.grad!);
        }

        foreach (NetworkTensor tensor in tensors.Where(tensor => one.OfWeights || !tensor.IsTrained))
        {
            results[tensor.Name] = Values(tensor.IsTrained ? tensor.Value.grad! : tensor.Value);
        }

        using var scope = no_grad();
        return new Results(results, normalized(input).Min(DistanceToKink));
    }

    // What a layer's activation is given.
    private static Tensor Normalized(
        ConvolutionLayer layer,
        Tensor x,
        NormPass pass,
        ConvolutionPadding padding = ConvolutionPadding.Centered
    )
    {
        long[] stride = [layer.Stride, layer.Stride];
        (int before, int after) = PaddingMargins.Of(padding, (int)x.shape[2], layer.Kernel, layer.Stride);
        using Tensor padded = nn.functional.pad(x, [before, after, before, after]);
        using Tensor convolved = nn.functional.conv2d(padded, layer.Weight.Value, null, stride, groups: layer.Groups);
        return nn.functional.batch_norm(
            convolved,
            pass.UsesBatch ? null : layer.Mean.Value,
            pass.UsesBatch ? null : layer.Variance.Value,
            layer.Scale.Value,
            layer.Shift.Value,
            pass.UsesBatch,
            0,
            BatchNorm.Epsilon
        );
    }

    private static double DistanceToKink(Tensor normalized)
    {
        using (normalized)
        {
            return Values(normalized).Min(value => Math.Min(Math.Abs(value), Math.Abs(value - 6)));
        }
    }

    private static double[] Values(Tensor tensor)
    {
        using Tensor detached = tensor.detach();
        using Tensor wide = detached.to(ScalarType.Float64);
        using Tensor packed = wide.contiguous();
        return packed.data<double>().ToArray();
    }

    internal sealed record Case(
        int Kernel,
        int Expansion,
        int Stride,
        int Images,
        int InputWidth,
        int OutputWidth,
        int Height,
        int Columns
    )
    {
        public ExpansionMemory Memory { get; init; } = ExpansionMemory.Stored;

        public ConvolutionPadding Padding { get; init; } = ConvolutionPadding.Centered;

        public bool OfInput { get; init; } = true;

        public bool OfWeights { get; init; } = true;
    }

    internal sealed record Results(Dictionary<string, double[]> Values, double NearestKink);
}
