using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Proxyless.Measurement;

namespace Proxyless.Agent;

/// <summary>The timing options that the agent passes to its measuring process.</summary>
/// <param name="Threads">Threads per run.</param>
/// <param name="Batch">Images per run.</param>
/// <param name="WarmUpRuns">Warm-up runs, which are not counted.</param>
/// <param name="MinRuns">Minimum number of runs.</param>
/// <param name="MaxRuns">Maximum number of runs.</param>
/// <param name="MaxSeconds">Time after which no further run starts, once the minimum is reached.</param>
/// <param name="Uncertainty">Uncertainty of the median at which the timing stops.</param>
/// <param name="LimitSeconds">Time after which the process ends itself, in case nobody is left to end it.</param>
internal sealed record TimingRequest(
    int Threads,
    int Batch,
    int WarmUpRuns,
    int MinRuns,
    int MaxRuns,
    double MaxSeconds,
    double Uncertainty,
    double LimitSeconds
);

/// <summary>The messages between the two processes, without reflection, so that a trimmed publish works.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TimingRequest))]
[JsonSerializable(typeof(Timing))]
[JsonSerializable(typeof(AnswerRequest))]
internal sealed partial class AgentJson : JsonSerializerContext;

/// <summary>The measuring process: a model on standard input, its timing as JSON on standard output.</summary>
internal static class MeasureCommand
{
    /// <summary>Its name.</summary>
    public const string Name = "measure";

    /// <summary>The command, for use by 'serve' only.</summary>
    public static Command Create() =>
        ChildCommand.Create(
            Name,
            "Measure one model (used by 'serve').",
            AgentJson.Default.TimingRequest,
            request => request.LimitSeconds,
            Run
        );

    private static void Run(TimingRequest request, byte[] model)
    {
        using var loaded = new OnnxModel(model, request.Threads, request.Batch);
        Timing timing = OnnxTimer.Measure(
            loaded,
            new TimingOptions
            {
                WarmUpRuns = request.WarmUpRuns,
                MinRuns = request.MinRuns,
                MaxRuns = request.MaxRuns,
                MaxTime = TimeSpan.FromSeconds(Math.Min(request.MaxSeconds, TimeSpan.MaxValue.TotalSeconds / 2)),
                Uncertainty = request.Uncertainty,
            }
        );
        Console.Out.Write(JsonSerializer.Serialize(timing, AgentJson.Default.Timing));
    }
}
