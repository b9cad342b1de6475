using Proxyless.Networks;
using Proxyless.Runtime;
using Proxyless.Tests.Data;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.Networks;

public sealed class SafeTensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SafeTensorsFileTests() => Libtorch.Load();

    private string File => Path.Combine(_folder.Root, "weights.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Channels_last_tensors_are_written_row_major_and_read_back()
    {
        using Tensor raw = tensor([.. Enumerable.Range(0, 24).Select(i => (float)i)], [1, 2, 3, 4]);
        using Tensor channelsLast = MemoryLayout.ChannelsLast(raw);
        SafeTensorsFile.Write(File, [("x", channelsLast)], new Dictionary<string, string> { ["step"] = "7" });
        SafeTensorsFile file = SafeTensorsFile.Read(File);
        Assert.Equal([1, 2, 3, 4], file.Tensors["x"].Shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), file.Tensors["x"].Values);
        Assert.Equal("7", file.Metadata["step"]);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(40)]
    [InlineData(-5)]
    public void A_file_that_was_cut_short_is_named(int length)
    {
        using Tensor values = randn(10);
        SafeTensorsFile.Write(File, [("x", values)], new Dictionary<string, string>());
        byte[] whole = System.IO.File.ReadAllBytes(File);
        System.IO.File.WriteAllBytes(File, whole[..(length < 0 ? whole.Length + length : length)]);
        var exception = Assert.Throws<InvalidInputException>(() => SafeTensorsFile.Read(File));
        Assert.Contains(File, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named()
    {
        using Tensor values = randn(10);
        SafeTensorsFile.Write(File, [("x", values)], new Dictionary<string, string>());
        using var target = new NetworkTensor("x", zeros(3), TensorRole.Weight);
        using var missing = new NetworkTensor("y", zeros(3), TensorRole.Weight);
        SafeTensorsFile file = SafeTensorsFile.Read(File);
        Assert.Contains(
            "'x'",
            Assert.Throws<InvalidInputException>(() => file.CopyTo([target], File)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "'y'",
            Assert.Throws<InvalidInputException>(() => file.CopyTo([missing], File)).Message,
            StringComparison.Ordinal
        );
    }
}
