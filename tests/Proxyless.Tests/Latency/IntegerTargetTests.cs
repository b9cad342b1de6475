using Proxyless.Architectures;
using Proxyless.Export;
using Proxyless.Latency;
using Proxyless.Measurement;
using Proxyless.Quantization;
using Proxyless.Runs;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Latency;

/// <summary>A target with +int8 behind its name times integer models.</summary>
public sealed class IntegerTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void This_processor_with_integers_is_another_target()
    {
        using ITarget floats = TargetFile.Open("cpu:2");
        using var integers = (IModelTimer)TargetFile.Open("cpu:2+int8");
        Assert.Equal("cpu:2+int8", integers.Name);
        Assert.Equal(floats.Id + ", int8", integers.Id);
        Assert.True(integers.TimesIntegers);
        Assert.True(integers.Time(NetworkExporter.Untrained(SmallSpace.Network(0, 1, 2)), Cancellation).MedianMs > 0);
    }

    [Fact]
    public void A_program_gets_the_integer_model()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the program of this test is a shell script");
        string file = _folder.Add("size.yaml", SizeTarget.File);
        byte[] onnx = NetworkExporter.Untrained(MobileNetV2.Build(0.5, 32, 3, 4));
        using var floats = (IModelTimer)TargetFile.Open(file);
        using var integers = (IModelTimer)TargetFile.Open(file + "+int8");
        Assert.Equal(file + "+int8", integers.Name);
        Assert.NotEqual(floats.Id, integers.Id);
        double milliseconds = integers.Time(onnx, Cancellation).MedianMs;
        Assert.Equal(UntrainedIntegers.Of(onnx).Length / 1e6, milliseconds, 1e-5);
        Assert.InRange(milliseconds, 0, 0.5 * floats.Time(onnx, Cancellation).MedianMs);

        // One that is an integer model already is timed as it is.
        Assert.Equal(milliseconds, integers.Time(UntrainedIntegers.Of(onnx), Cancellation).MedianMs, 1e-12);
        LatencyTable table = integers.Profile(
            SmallSpace.Space,
            SmallSpace.Classes,
            ProfileMode.Quick,
            null,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal(integers.Id, table.TargetId);
    }

    [Fact]
    public void A_table_is_not_a_target_for_integers()
    {
        string file = FixedTable.Write(
            Path.Combine(_folder.Root, "target"),
            SmallSpace.Space,
            SmallSpace.Classes,
            MobileNetV2.Build(0.1, 16, 3, 4)
        );
        var exception = Assert.Throws<InvalidInputException>(() => TargetFile.Open(file + "+int8"));
        Assert.Contains("is a table", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_behind_such_a_name_is_found_from_any_folder()
    {
        string file = _folder.Add("size.yaml", SizeTarget.File);
        string relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), file);
        Assert.Equal(file + "+int8", RunPaths.WholeTarget(relative + "+int8"));
        Assert.True(RunPaths.IsSameTarget(relative + "+int8", file + "+int8"));
        Assert.False(RunPaths.IsSameTarget(file, file + "+int8"));
    }

    /// <summary>Each part of a space alone, as a target that times whole models gets it.</summary>
    [Fact]
    public void Every_part_of_a_space_has_an_integer_form_that_runs()
    {
        SearchSpace space = SearchSpacePresets.ByName("tiny");
        foreach ((string key, Func<byte[]> part) in PartExporter.Parts(space, 4))
        {
            byte[] integers = UntrainedIntegers.Of(part());
            Assert.Equal(key != space.Stem.Key, FloatModel.IsInteger(integers, key));
            using var model = new OnnxModel(integers);
            model.Run();
            Assert.All(model.Output.ToArray(), value => Assert.True(float.IsFinite(value), key));
        }
    }

    [Fact]
    [Trait(Runner.TestCategory.Name, Runner.TestCategory.Measuring)]
    public void A_table_of_integer_blocks_names_every_part()
    {
        LatencyTable table = LatencyProfiler.Profile(
            SmallSpace.Space,
            SmallSpace.Classes,
            new LocalTarget { TimesIntegers = true },
            ProfileMode.Quick,
            NullRunObserver.Instance,
            Cancellation
        );
        Assert.Equal("cpu+int8", table.Target);
        Assert.Equal(SpaceParts.Keys(SmallSpace.Space, SmallSpace.Classes).Order(), table.Entries.Keys.Order());
        Assert.All(table.Entries.Values, entry => Assert.True(entry.Milliseconds > 0));
    }
}
