using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Proxyless.Bench;
using Proxyless.Inference;
using Proxyless.Measurement;
using Xunit;

namespace Proxyless.Tests;

/// <summary>
/// The layers of the product, lowest first: a namespace sees the root and those listed beside it, and nothing else.
/// What it sees stands before it. The list is the picture in docs/architecture.md.
/// </summary>
public sealed class LayersTests
{
    private static readonly (string Layer, string[] Sees)[] Layers =
    [
        ("Measurement", []),
        ("Inference", ["Measurement"]),
        ("Files", []),
        ("Locking", ["Files"]),
        ("Architectures", ["Files"]),
        ("Distributed", []),
        ("Runtime.Kernels", []),
        ("Runtime", ["Measurement", "Files", "Distributed"]),
        ("Data", ["Inference", "Files", "Runtime"]),
        ("Weights", []),
        ("Networks", ["Files", "Architectures", "Runtime", "Runtime.Kernels", "Weights"]),
        (
            "Training",
            ["Inference", "Files", "Distributed", "Runtime", "Runtime.Kernels", "Data", "Weights", "Networks"]
        ),
        ("Search", ["Files", "Architectures", "Runtime", "Data", "Networks", "Training"]),
        ("FineTuning", ["Architectures", "Runtime", "Data", "Networks", "Search"]),
        ("Export", ["Inference", "Architectures", "Networks"]),
        ("Quantization", ["Measurement", "Runtime", "Runtime.Kernels", "Networks", "Training", "Export"]),
        ("Pretrained", ["Inference", "Files", "Architectures", "Runtime", "Data", "Weights", "Networks", "Export"]),
        ("Latency", ["Measurement", "Files", "Architectures", "Runtime", "Export", "Quantization"]),
        ("Reports", ["Files", "Architectures", "Training"]),
        ("TensorBoard", []),
        (
            "Runs",
            [
                "Measurement",
                "Inference",
                "Files",
                "Locking",
                "Architectures",
                "Distributed",
                "Runtime",
                "Data",
                "Weights",
                "Networks",
                "Training",
                "FineTuning",
                "Search",
                "Export",
                "Quantization",
                "Pretrained",
                "Latency",
                "Reports",
                "TensorBoard",
            ]
        ),
        (
            "Comparisons",
            [
                "Files",
                "Locking",
                "Architectures",
                "Data",
                "Networks",
                "Training",
                "Search",
                "Export",
                "Latency",
                "Reports",
                "Runs",
            ]
        ),
        (
            "Bench",
            [
                "Measurement",
                "Inference",
                "Architectures",
                "Distributed",
                "Runtime",
                "Runtime.Kernels",
                "Data",
                "Networks",
                "Training",
                "FineTuning",
                "Search",
                "Export",
                "Quantization",
                "Pretrained",
                "Latency",
                "Runs",
                "Comparisons",
            ]
        ),
    ];

    private static readonly ILookup<string, string> Arrows = Find();

    private static readonly string[] Listed =
    [
        .. Layers.SelectMany(layer => layer.Sees.Select(seen => $"{layer.Layer} -> {seen}")),
    ];

    [Fact]
    public void A_layer_sees_nothing_but_what_the_list_says() =>
        Assert.Empty(
            Arrows
                .Where(arrow => !Listed.Contains(arrow.Key))
                .Select(arrow => $"{arrow.Key}: {string.Join(", ", arrow.Distinct().Take(5))}")
        );

    [Fact]
    public void The_list_has_no_arrow_that_is_not_there() =>
        Assert.All(Listed, arrow => Assert.True(Arrows.Contains(arrow), arrow));

    [Fact]
    public void No_arrow_of_the_list_goes_up()
    {
        List<string> order = [.. Layers.Select(layer => layer.Layer)];
        Assert.All(
            Layers,
            layer =>
                Assert.All(layer.Sees, seen => Assert.InRange(order.IndexOf(seen), 0, order.IndexOf(layer.Layer) - 1))
        );
    }

    [Fact]
    public void Namespaces_equal_folders() =>
        Assert.All(
            Directory
                .EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(file) != "Program.cs"),
            file => Assert.Contains($"namespace {NamespaceOf(file)};", File.ReadLines(file))
        );

    private static string NamespaceOf(string file) =>
        Path.GetRelativePath(Path.Combine(Repository.Root, "src"), Path.GetDirectoryName(file)!)
            .Replace(Path.DirectorySeparatorChar, '.');

    private static ILookup<string, string> Find()
    {
        ArchUnitNET.Domain.Architecture architecture = new ArchLoader()
            .LoadAssemblies(
                typeof(OnnxTimer).Assembly,
                typeof(OnnxClassifier).Assembly,
                typeof(InvalidInputException).Assembly,
                typeof(StepBench).Assembly
            )
            .Build();
        IEnumerable<(string Arrow, string Types)> arrows =
            from type in architecture.Types
            from target in type.Dependencies.Select(dependency => dependency.Target).OfType<IType>()
            let layer = LayerOf(type)
            let seen = LayerOf(target)
            where layer is not null && seen is not null && layer != seen
            select ($"{layer} -> {seen}", $"{type.Name} uses {target.Name}");
        return arrows.ToLookup(arrow => arrow.Arrow, arrow => arrow.Types);
    }

    /// <summary>
    /// The layer of a type, or its namespace where that is none; null where it is of another product, of the root or
    /// generated.
    /// </summary>
    private static string? LayerOf(IType type)
    {
        string name = type.Namespace?.FullName ?? "";
        if (
            !name.StartsWith("Proxyless.", StringComparison.Ordinal)
            || name.EndsWith(".Protocol", StringComparison.Ordinal)
        )
        {
            return null;
        }

        // Generated from onnx.proto.
        return name["Proxyless.".Length..].Replace("Export.Onnx", "Export", StringComparison.Ordinal);
    }
}
