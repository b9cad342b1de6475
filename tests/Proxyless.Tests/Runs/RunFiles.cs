using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>The files of two runs that ought to be the same.</summary>
internal static class RunFiles
{
    private static readonly string[] SameBytes =
    [
        "architecture.json",
        "architecture.svg",
        "latency.json",
        "search.jsonl",
        "training.jsonl",
        "labels.txt",
        "model.onnx",
        Path.Combine("checkpoints", "search.safetensors"),
        Path.Combine("checkpoints", "last.safetensors"),
        Path.Combine("checkpoints", "best.safetensors"),
    ];

    /// <summary>Requires the same bytes in every file of a run but those that hold times.</summary>
    /// <param name="one">The folder of a run.</param>
    /// <param name="other">The folder of another, of the same name.</param>
    public static void AssertSame(string one, string other)
    {
        foreach (string file in SameBytes)
        {
            Assert.True(
                File.ReadAllBytes(Path.Combine(one, file))
                    .AsSpan()
                    .SequenceEqual(File.ReadAllBytes(Path.Combine(other, file))),
                $"{file} differs"
            );
        }
    }
}
