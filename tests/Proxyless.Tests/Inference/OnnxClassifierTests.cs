using System.IO.Pipes;
using Proxyless.Export;
using Proxyless.Inference;
using Proxyless.Measurement;
using Proxyless.Tests.Data;
using Proxyless.Tests.Latency;
using Xunit;

namespace Proxyless.Tests.Inference;

public sealed class OnnxClassifierTests
{
    [Fact]
    public void Bytes_that_are_no_model_are_refused_by_name()
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() =>
            OnnxClassifier.Load([1, 2, 3], "photo.jpg")
        );
        Assert.Contains("'photo.jpg'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_is_refused_by_name()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pipes that are open have no such names elsewhere");
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        string file = $"/proc/self/fd/{pipe.GetClientHandleAsString()}";
        string message = Assert.Throws<InvalidDataException>(() => OnnxClassifier.Load(file)).Message;
        Assert.Contains($"'{file}' is empty, or a pipe", message, StringComparison.Ordinal);
    }

    /// <summary>To open it would be to wait for somebody who writes.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pipe_with_a_name_is_refused_before_it_is_opened(bool isLinked)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "there are no named pipes elsewhere");
        using var folder = new TemporaryFolder();
        string file = folder.AddPipe("model.onnx");
        if (isLinked)
        {
            string link = Path.Combine(folder.Root, "link.onnx");
            File.CreateSymbolicLink(link, file);
            file = link;
        }

        string message = Assert.Throws<InvalidDataException>(() => OnnxClassifier.Load(file)).Message;
        Assert.Contains($"'{file}' is empty, or a pipe", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_is_no_pipe()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<FileNotFoundException>(() => OnnxClassifier.Load(Path.Combine(folder.Root, "none.onnx")));
    }

    [Fact]
    public void A_model_without_the_metadata_of_a_classifier_is_refused()
    {
        var graph = new OnnxGraph("plain");
        graph.Output(graph.Node("Relu", "output", [graph.Input("input", 3)]), 3);
        var refused = Assert.Throws<InvalidDataException>(() => OnnxClassifier.Load(graph.ToBytes(), "plain.onnx"));
        Assert.EndsWith("its metadata has no 'classes'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_another_size_are_refused()
    {
        using OnnxClassifier model = OnnxClassifier.Load(
            NetworkExporter.Untrained(SmallSpace.Network(0, 0, 0)),
            "model"
        );
        Assert.Throws<ArgumentException>(() => model.Run(new float[3 * 15 * 15], 1));
    }

    [Fact]
    public void The_processor_and_the_runtime_have_names()
    {
        Assert.NotEmpty(ProcessorInfo.Name);
        Assert.Matches("^[0-9]+\\.[0-9]+", ProcessorInfo.OnnxRuntimeVersion);
    }
}
