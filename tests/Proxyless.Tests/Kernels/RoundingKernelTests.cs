using Proxyless.Runtime.Kernels;
using Xunit;

namespace Proxyless.Tests.Kernels;

public sealed class RoundingKernelTests
{
    private static readonly RoundingKernel Kernel = new(0.25f, -1, 2.5f);

    /// <summary>Lengths around those of vectors, and one of several parts.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(33)]
    [InlineData(50_001)]
    public unsafe void Numbers_become_the_nearest_multiples_within_the_ends(int count)
    {
        float[] values = Values(count);
        float[] results = new float[count];
        fixed (float* from = values)
        {
            fixed (float* to = results)
            {
                Kernel.Round(from, to, count);
            }
        }

        float[] multiples = [.. Enumerable.Range(-4, 15).Select(i => 0.25f * i)];
        for (int i = 0; i < count; i++)
        {
            Assert.Contains(results[i], multiples);
            Assert.Equal(multiples.Min(one => Math.Abs(one - values[i])), Math.Abs(results[i] - values[i]), 1e-6f);
        }
    }

    [Fact]
    public unsafe void Halves_become_even_as_in_integer_models()
    {
        float* values = stackalloc float[] { 0.125f, 0.375f, 0.625f, -0.125f, -0.375f };
        Kernel.Round(values, values, 5);
        Assert.Equal([0, 0.5f, 0.5f, 0, -0.5f], new Span<float>(values, 5).ToArray());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(50_001)]
    public unsafe void Gradients_pass_where_numbers_are_not_held_at_an_end(int count)
    {
        float[] values = Values(count);
        float[] gradients = [.. Enumerable.Range(1, count).Select(i => (float)i)];
        float[] results = new float[count];
        fixed (float* at = values)
        {
            fixed (float* from = gradients)
            {
                fixed (float* to = results)
                {
                    Kernel.Gradient(at, from, to, count);
                }
            }
        }

        for (int i = 0; i < count; i++)
        {
            Assert.Equal(values[i] is >= -1.125f and <= 2.625f ? gradients[i] : 0, results[i]);
        }
    }

    private static float[] Values(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => (6 * random.NextSingle()) - 2.5f)];
    }
}
