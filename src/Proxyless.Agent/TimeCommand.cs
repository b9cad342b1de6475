using System.CommandLine;
using System.Globalization;
using Proxyless.Measurement;

namespace Proxyless.Agent;

/// <summary>
/// Times one model file on this machine: for a device on which no port can be opened, as the program of a 'command'
/// target.
/// </summary>
internal static class TimeCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("model")
        {
            HelpName = "MODEL.onnx",
            Description = "An ONNX file with one float input and one float output",
        };
        var threads = Options.InRange("--threads", "Threads per run", 1, 1, RunLimits.MostThreads);
        var batch = Options.InRange("--batch", "Images per run", 1, 1, RunLimits.MostImages);
        var command = new Command(
            "time",
            "Print the median latency of a model file on this device, without agent or network."
        )
        {
            file,
            threads,
            batch,
        };
        command.SetAction(parse =>
        {
            Timing timing = Measure(parse.GetValue(file)!, parse.GetValue(threads), parse.GetValue(batch));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"median {timing.MedianMs:0.0000} ms, {timing.Runs} runs, quartiles {timing.Spread:0.0 %} apart"
                )
            );
            return 0;
        });
        return command;
    }

    private static Timing Measure(string file, int threads, int batch)
    {
        try
        {
            using var model = new OnnxModel(ModelFile.Read(file), threads, batch);
            return OnnxTimer.Measure(model, TimingOptions.Thorough);
        }
        catch (InvalidDataException exception)
        {
            throw new AgentException(exception.Message, exception);
        }
        catch (Exception exception) when (ModelErrors.Includes(exception))
        {
            throw new AgentException($"{file}: ONNX Runtime cannot run it: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"{file}: cannot be read ({exception.Message})", exception);
        }
    }
}
