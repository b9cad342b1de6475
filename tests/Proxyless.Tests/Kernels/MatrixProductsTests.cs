using CsCheck;
using Proxyless.Runtime.Kernels;
using Xunit;

namespace Proxyless.Tests.Kernels;

public sealed unsafe class MatrixProductsTests
{
    private static readonly Gen<(int Rows, int Depth, int Columns, int Widest)> Cases = Gen.Select(
        // A panel is packed from 32 rows a thread on.
        Gen.Int[1, 300],
        Gen.Int[1, 90],
        Gen.Int[1, 150],
        Gen.Int[0, 3],
        (rows, depth, columns, width) => (rows, depth, columns, new[] { 1, 4, 8, 16 }[width])
    );

    static MatrixProductsTests() => Runtime.Libtorch.Load();

    [Fact]
    public void A_product_is_the_sums_of_the_definition_at_every_width() =>
        Cases.Sample(
            one =>
            {
                (int rows, int depth, int columns, int widest) = one;
                float[] left = Noise(rows * depth, 1);
                float[] right = Noise(depth * columns, 2);
                var result = new float[rows * columns];
                fixed (
                    float* a = left,
                        b = right,
                        c = result
                )
                {
                    MatrixProducts.Multiply(a, b, rows, depth, columns, c, widest);
                }

                AssertSums(
                    result,
                    columns,
                    depth,
                    0,
                    (row, k) => left[(row * depth) + k],
                    (k, column) => right[(k * columns) + column]
                );
            },
            threads: 1
        );

    [Fact]
    public void An_activated_product_is_held_within_its_ends_at_every_width() =>
        Cases.Sample(
            one =>
            {
                (int rows, int depth, int columns, int widest) = one;
                float[] left = Noise(rows * depth, 1);
                float[] right = Noise(depth * columns, 2);
                float[] constants = Noise(columns, 5);
                var sums = new float[rows * columns];
                var result = new float[rows * columns];
                fixed (
                    float* a = left,
                        b = right,
                        shift = constants,
                        s = sums,
                        c = result
                )
                {
                    MatrixProducts.Multiply(a, b, rows, depth, columns, s, widest);
                    var activation = new ActivatedSum(shift, -0.2f, 0.3f);
                    MatrixProducts.MultiplyActivated(a, b, rows, depth, columns, activation, c, widest);
                }

                for (int i = 0; i < result.Length; i++)
                {
                    Assert.Equal(Math.Clamp(sums[i] + constants[i % columns], -0.2f, 0.3f), result[i]);
                }
            },
            threads: 1
        );

    [Fact]
    public void A_product_and_constants_are_added_to_what_is_there_at_every_width() =>
        Cases.Sample(
            one =>
            {
                (int rows, int depth, int columns, int widest) = one;
                float[] left = Noise(rows * depth, 1);
                float[] right = Noise(depth * columns, 2);
                float[] constants = [.. Enumerable.Repeat(0.5f, columns)];
                var result = new float[rows * columns];
                Array.Fill(result, 2f);
                fixed (
                    float* a = left,
                        b = right,
                        shift = constants,
                        c = result
                )
                {
                    MatrixProducts.Add(a, b, rows, depth, columns, shift, c, widest);
                }

                AssertSums(
                    result,
                    columns,
                    depth,
                    2.5,
                    (row, k) => left[(row * depth) + k],
                    (k, column) => right[(k * columns) + column]
                );
            },
            threads: 1
        );

    [Fact]
    public void Outer_products_are_added_to_what_is_there_at_every_width() =>
        Cases.Sample(
            one =>
            {
                (int rows, int depth, int columns, int widest) = one;
                AssertOuter(depth, rows, columns, widest);
            },
            threads: 1
        );

    [Theory]
    [InlineData(16)]
    [InlineData(8)]
    [InlineData(4)]
    [InlineData(1)]
    public void Outer_products_of_many_pixels_are_shared_out_and_added_up(int widest) =>
        AssertOuter(5003, 13, 37, widest);

    private static void AssertOuter(int terms, int rows, int columns, int widest)
    {
        float[] left = Noise(terms * rows, 3);
        float[] right = Noise(terms * columns, 4);
        var result = new float[rows * columns];
        Array.Fill(result, 2f);
        fixed (
            float* a = left,
                b = right,
                c = result
        )
        {
            MatrixProducts.AddOuter(a, b, terms, rows, columns, c, widest);
        }

        AssertSums(
            result,
            columns,
            terms,
            2,
            (row, k) => left[(k * rows) + row],
            (k, column) => right[(k * columns) + column]
        );
    }

    private static void AssertSums(
        float[] result,
        int columns,
        int depth,
        double before,
        Func<int, int, float> left,
        Func<int, int, float> right
    )
    {
        for (int i = 0; i < result.Length; i++)
        {
            double expected = before;
            double size = Math.Abs(before);
            for (int k = 0; k < depth; k++)
            {
                double term = (double)left(i / columns, k) * right(k, i % columns);
                expected += term;
                size += Math.Abs(term);
            }

            Assert.Equal(expected, result[i], 1e-6 * size);
        }
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
