using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Tests.Search;

/// <summary>Networks small enough for finite differences.</summary>
internal static class TinyNetworks
{
    public const int Classes = 3;

    /// <summary>
    /// Two stages with every kind of candidate: shortcut, stride, identity that keeps and that changes the shape, zero.
    /// </summary>
    public static SearchSpace Space { get; } =
        new()
        {
            Name = "test",
            Resolution = 8,
            StemWidth = 4,
            StemStride = 1,
            FirstBlockWidth = 4,
            Stages =
            [
                new Stage(4, 2, 1, [.. "mb3e2 mb5e1 identity zero".Split(' ').Select(CandidateOperation.Parse)]),
                new Stage(6, 2, 2, [.. "mb3e1 mb5e2 identity zero".Split(' ').Select(CandidateOperation.Parse)]),
            ],
            HeadWidth = 8,
        };

    public static SuperNetwork Build(int seed = 1, ScalarType precision = ScalarType.Float32)
    {
        Libtorch.Load();
        return new SuperNetwork(Space, Classes, new NetworkOptions { Seed = seed, Precision = precision });
    }

    public static (Tensor Images, Tensor Labels) Batch(
        int count = 6,
        int seed = 3,
        ScalarType precision = ScalarType.Float32
    )
    {
        Libtorch.Load();
        using var generator = new Generator((ulong)seed, CPU);
        using Tensor raw = randn(count, 3, Space.Resolution, Space.Resolution, dtype: precision, generator: generator);
        long[] labels = [.. Enumerable.Range(0, count).Select(i => (long)(i % Classes))];
        return (MemoryLayout.ChannelsLast(raw), tensor(labels));
    }
}
