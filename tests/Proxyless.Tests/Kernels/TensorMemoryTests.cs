using Proxyless.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Kernels;

public sealed unsafe class TensorMemoryTests
{
    static TensorMemoryTests() => Libtorch.Load();

    /// <summary>Their memory is reserved and not touched, except for the last page.</summary>
    [Fact]
    public void Tensors_of_two_gibibytes_and_more_have_an_address()
    {
        const long Numbers = (1L << 29) + 8;
        using Tensor large = empty(Numbers);
        TensorMemory.Pointer(large)[Numbers - 1] = 7;
        using Tensor last = large[Numbers - 1];
        Assert.Equal(7, last.item<float>());

        using Tensor view = large.narrow(0, 8, 1L << 29);
        Assert.Equal((nint)(TensorMemory.Pointer(large) + 8), (nint)TensorMemory.Pointer(view));
    }

    [Fact]
    public void A_tensor_of_another_type_has_none()
    {
        using Tensor integers = zeros(3, ScalarType.Int64);
        Assert.Throws<ArgumentException>(() => (nint)TensorMemory.Pointer(integers));
    }
}
