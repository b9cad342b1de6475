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

    /// <summary>Exit code if the model cannot be run.</summary>
    public const int BadModel = 3;

    /// <summary>The command, for use by 'serve' only.</summary>
    public static Command Create()
    {
        var request = new Argument<string>("request");
        var command = new Command(Name, "Measure one model (used by 'serve').") { request };
        command.Hidden = true;
        command.SetAction(parse => Run(Read(parse.GetValue(request)!)));
        return command;
    }

    private static TimingRequest Read(string request)
    {
        try
        {
            return JsonSerializer.Deserialize(request, AgentJson.Default.TimingRequest)!;
        }
        catch (JsonException exception)
        {
            throw new AgentException(
                $"'{Name}' is for internal use by 'serve'; to time a model file, use 'proxyless-agent time "
                    + $"MODEL.onnx'",
                exception
            );
        }
    }

    /// <summary>All bytes of standard input.</summary>
    internal static byte[] ReadInput()
    {
        using Stream input = Console.OpenStandardInput();
        using var content = new MemoryStream();
        input.CopyTo(content);
        return content.ToArray();
    }

    private static int Run(TimingRequest request)
    {
        using var limit = new Timer(
            _ => Environment.FailFast("the measurement took too long"),
            null,
            TimeSpan.FromSeconds(request.LimitSeconds),
            Timeout.InfiniteTimeSpan
        );
        byte[] model = ReadInput();
        try
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
            return 0;
        }
        catch (Exception exception) when (ModelErrors.Includes(exception))
        {
            Console.Error.WriteLine($"ONNX Runtime cannot run the model: {exception.Message}");
            return BadModel;
        }
    }
}
