using System.CommandLine;
using System.Runtime.InteropServices;
using Proxyless.Measurement;

namespace Proxyless.Agent;

/// <summary>What the answering process is asked for.</summary>
/// <param name="Threads">Threads of one run.</param>
/// <param name="ModelLength">Bytes of the model; the rest are images.</param>
/// <param name="Images">Number of images.</param>
/// <param name="LimitSeconds">Time after which the process ends itself, in case nobody is left to end it.</param>
internal sealed record AnswerRequest(int Threads, int ModelLength, int Images, double LimitSeconds);

/// <summary>The answering process: a model and images on standard input, scores on standard output.</summary>
internal static class AnswerCommand
{
    /// <summary>Its name.</summary>
    public const string Name = "answer";

    /// <summary>The command, for use by 'serve' only.</summary>
    public static Command Create() =>
        ChildCommand.Create(
            Name,
            "Run one model on images (used by 'serve').",
            AgentJson.Default.AnswerRequest,
            request => request.LimitSeconds,
            Run
        );

    private static void Run(AnswerRequest request, byte[] content)
    {
        using var model = new OnnxProbe(content[..request.ModelLength], request.Threads, optimized: true);
        ReadOnlySpan<float> images = MemoryMarshal.Cast<byte, float>(content.AsSpan(request.ModelLength));
        int length = images.Length / request.Images;
        using Stream output = Console.OpenStandardOutput();
        for (int i = 0; i < request.Images; i++)
        {
            model.Run(
                images.Slice(i * length, length),
                1,
                (place, _, scores) =>
                {
                    if (place == 0)
                    {
                        output.Write(MemoryMarshal.AsBytes(scores));
                    }
                }
            );
        }
    }
}
