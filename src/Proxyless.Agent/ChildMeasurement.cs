using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Proxyless.Agent.Protocol;
using Proxyless.Measurement;

namespace Proxyless.Agent;

/// <summary>
/// Measures, and runs models on images, in a separate process: a model that crashes ONNX Runtime, uses all memory or
/// never ends affects nothing else, and a measurement can be ended at any time. The model is sent through a pipe; no
/// file is written.
/// </summary>
internal static class ChildMeasurement
{
    private const int ErrorShown = 500;

    // Clients take messages of up to 4 MB.
    private const int MostOutput = 3 << 20;

    // The agent ends it first, if it still runs.
    private const double SpareSeconds = 5;

    /// <summary>Measures a model.</summary>
    /// <exception cref="RpcException">The model cannot be run, or takes too long.</exception>
    public static async Task<Protocol.Measurement> RunAsync(
        byte[] model,
        MeasureHeader header,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        int warmUp = header.HasWarmUpRuns ? header.WarmUpRuns : TimingOptions.Quick.WarmUpRuns;
        string request = JsonSerializer.Serialize(
            new TimingRequest(
                header.Threads,
                header.Batch,
                warmUp,
                header.MinRuns,
                header.MaxRuns,
                header.MaxSeconds,
                header.Uncertainty,
                time.TotalSeconds + SpareSeconds
            ),
            AgentJson.Default.TimingRequest
        );
        return Read(
            await OutputAsync(MeasureCommand.Name, request, model, time, cancellationToken).ConfigureAwait(false)
        );
    }

    /// <summary>Runs a model on images.</summary>
    /// <param name="content">The model, and the images behind it.</param>
    /// <param name="header">How many bytes of it are the model's, and how many images follow.</param>
    /// <param name="time">Time after which it is ended.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RpcException">The model cannot be run, or takes too long.</exception>
    public static async Task<Answers> AnswerAsync(
        byte[] content,
        MeasureHeader header,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        string request = JsonSerializer.Serialize(
            new AnswerRequest(
                header.Threads,
                checked((int)header.Length),
                header.Batch,
                time.TotalSeconds + SpareSeconds
            ),
            AgentJson.Default.AnswerRequest
        );
        byte[] scores = await OutputAsync(AnswerCommand.Name, request, content, time, cancellationToken)
            .ConfigureAwait(false);
        return new Answers { Scores = UnsafeByteOperations.UnsafeWrap(scores) };
    }

    private static async Task<byte[]> OutputAsync(
        string command,
        string request,
        byte[] input,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        using Process child = Start(command, request);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(time);
        try
        {
            using var output = new MemoryStream();
            Task reading = ReadAsync(child.StandardOutput.BaseStream, output, limit.Token);
            Task<string> error = child.StandardError.ReadToEndAsync(limit.Token);
            await SendAsync(child, input, limit.Token).ConfigureAwait(false);
            Task exit = child.WaitForExitAsync(limit.Token);
            if (await Task.WhenAny(reading, exit).ConfigureAwait(false) == reading)
            {
                // There is too much, or all of it has come.
                await reading.ConfigureAwait(false);
            }

            await exit.ConfigureAwait(false);
            string text = await error.ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            return child.ExitCode == 0 ? output.ToArray() : throw Failed(child.ExitCode, text);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Not the code of a deadline: the device is there, and would need as long the next time.
            throw new RpcException(
                new Status(
                    StatusCode.ResourceExhausted,
                    $"the measurement was ended after {time.TotalSeconds:0} s ('serve --max-seconds')"
                )
            );
        }
        finally
        {
            // Also if the client has gone, or the exception is unexpected.
            if (!child.HasExited)
            {
                child.Kill(entireProcessTree: true);
                await child.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            // The process's own Dispose leaves requested pipes to the finalizer: two open files per measurement until
            // then.
            Close(child);
        }
    }

    /// <summary>How much a model answers is its own choice.</summary>
    private static async Task ReadAsync(Stream source, MemoryStream output, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (output.Length + count > MostOutput)
            {
                throw new RpcException(
                    new Status(StatusCode.ResourceExhausted, $"the model answers with more than {MostOutput} bytes")
                );
            }

            output.Write(buffer, 0, count);
        }
    }

    private static void Close(Process child)
    {
        child.StandardOutput.Dispose();
        child.StandardError.Dispose();
        try
        {
            child.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // Unwritten data has no reader any more.
        }
    }

    private static async Task SendAsync(Process child, byte[] model, CancellationToken cancellationToken)
    {
        try
        {
            // It stays open afterwards: its end is that of the agent.
            Stream input = child.StandardInput.BaseStream;
            await input.WriteAsync(BitConverter.GetBytes(model.LongLength), cancellationToken).ConfigureAwait(false);
            await input.WriteAsync(model, cancellationToken).ConfigureAwait(false);
            await input.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It ended before it had read everything; its exit code says why.
        }
    }

    private static Process Start(string command, string request)
    {
        ProcessStartInfo start = OwnProgram.Start("proxyless-agent.dll");
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        start.ArgumentList.Add(command);
        start.ArgumentList.Add(request);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new RpcException(
                new Status(
                    StatusCode.FailedPrecondition,
                    $"the measuring process cannot be started: {exception.Message}"
                )
            );
        }
    }

    private static Protocol.Measurement Read(byte[] output)
    {
        Timing timing =
            JsonSerializer.Deserialize(output, AgentJson.Default.Timing)
            ?? throw new RpcException(new Status(StatusCode.Internal, "the measurement printed nothing"));
        return new Protocol.Measurement
        {
            MedianMs = timing.MedianMs,
            QuietMs = timing.QuietMs,
            P90Ms = timing.P90Ms,
            MinMs = timing.MinMs,
            Spread = timing.Spread,
            Uncertainty = double.IsFinite(timing.Uncertainty) ? timing.Uncertainty : double.MaxValue,
            Runs = timing.Runs,
        };
    }

    private static RpcException Failed(int exitCode, string error)
    {
        string text = error.Trim();
        text = text.Length > ErrorShown ? text[..ErrorShown] + " ..." : text;
        return exitCode == ChildCommand.BadModel
            ? new RpcException(new Status(StatusCode.InvalidArgument, text))
            : new RpcException(
                new Status(
                    StatusCode.Aborted,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the measurement broke off (exit code {exitCode}): {text}"
                    )
                )
            );
    }
}
