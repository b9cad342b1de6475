using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Grpc.Core;
using Proxyless.Agent.Protocol;
using Proxyless.Measurement;

namespace Proxyless.Agent;

/// <summary>Answers clients. A model is received when its turn has come, so that at most one is in memory.</summary>
internal sealed class AgentService(AgentLimits limits, MeasurementQueue queue) : Protocol.Agent.AgentBase
{
    private const int MostRuns = 100_000;

    /// <inheritdoc/>
    public override Task<Description> Describe(DescribeRequest request, ServerCallContext context) =>
        Task.FromResult(
            new Description
            {
                Processor = ProcessorInfo.Name,
                Processors = Environment.ProcessorCount,
                OnnxRuntime = ProcessorInfo.OnnxRuntimeVersion,
                System = RuntimeInformation.RuntimeIdentifier,
                LongestWaitSeconds = limits.LongestWait.TotalSeconds,
                SaturatesIntegers = IntegerArithmetic.Saturates,
            }
        );

    /// <inheritdoc/>
    public override async Task<Protocol.Measurement> Measure(
        IAsyncStreamReader<MeasureRequest> requestStream,
        ServerCallContext context
    )
    {
        MeasureHeader header = await ReadHeaderAsync(requestStream, context.CancellationToken).ConfigureAwait(false);
        Require(header.ImagesLength == 0, "a measurement takes no images");
        return await InTurnAsync(requestStream, header, ChildMeasurement.RunAsync, context.CancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<Answers> Answer(
        IAsyncStreamReader<MeasureRequest> requestStream,
        ServerCallContext context
    )
    {
        MeasureHeader header = await ReadHeaderAsync(requestStream, context.CancellationToken).ConfigureAwait(false);
        Require(
            header.ImagesLength > 0 && header.ImagesLength % (sizeof(float) * (long)header.Batch) == 0,
            $"{header.ImagesLength} bytes are no {header.Batch} images of 32-bit numbers"
        );
        return await InTurnAsync(requestStream, header, ChildMeasurement.AnswerAsync, context.CancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Receives what follows a header, and has a process work on it. The header is checked before: an invalid request
    /// need not wait for its answer.
    /// </summary>
    private async Task<T> InTurnAsync<T>(
        IAsyncStreamReader<MeasureRequest> stream,
        MeasureHeader header,
        Func<byte[], MeasureHeader, TimeSpan, CancellationToken, Task<T>> work,
        CancellationToken cancellationToken
    )
    {
        using IDisposable turn = await queue.EnterAsync(cancellationToken).ConfigureAwait(false);
        byte[] content = await ReadModelAsync(stream, header, cancellationToken).ConfigureAwait(false);
        return await work(content, header, limits.MeasureTime, cancellationToken).ConfigureAwait(false);
    }

    // What follows the header: the model, and images if there are any.
    private static long BytesOf(MeasureHeader header) => header.Length + header.ImagesLength;

    private async Task<MeasureHeader> ReadHeaderAsync(
        IAsyncStreamReader<MeasureRequest> stream,
        CancellationToken cancellationToken
    )
    {
        MeasureRequest? first = await NextAsync(stream, cancellationToken).ConfigureAwait(false);
        if (first?.Header is not { } header)
        {
            throw Wrong("a measurement begins with its header");
        }

        Require(header.ImagesLength >= 0 && header.ImagesLength < long.MaxValue / 2, "images have no such length");
        if (header.Length > limits.ModelBytes || BytesOf(header) > limits.ModelBytes)
        {
            string sent = header.ImagesLength > 0 ? "the model and its images have" : "the model has";
            throw new RpcException(
                new Status(
                    StatusCode.ResourceExhausted,
                    $"{sent} {BytesOf(header)} bytes; this agent takes up to {limits.ModelBytes} ('serve --max-model')"
                )
            );
        }

        Require(header.Length > 0, "the model is empty");
        Require(header.Sha256.Length == SHA256.HashSizeInBytes, "sha256 has 32 bytes");
        Require(
            header.Threads is >= 1 and <= RunLimits.MostThreads && header.Threads <= Environment.ProcessorCount,
            $"this device has {Environment.ProcessorCount} processors, {header.Threads} threads were requested"
        );
        Require(header.Batch is >= 1 and <= RunLimits.MostImages, $"a batch has 1 to {RunLimits.MostImages} images");
        Require(
            header.MinRuns >= 1 && header.MinRuns <= header.MaxRuns && header.MaxRuns <= MostRuns,
            $"runs must be 1 to {MostRuns}, the minimum at most the maximum"
        );
        Require(header.WarmUpRuns is >= 0 and <= MostRuns, $"warm-up runs are 0 to {MostRuns}");
        Require(double.IsFinite(header.MaxSeconds) && header.MaxSeconds > 0, "max_seconds must be over 0");
        Require(double.IsFinite(header.Uncertainty) && header.Uncertainty >= 0, "uncertainty must be 0 or more");
        return header;
    }

    private async Task<byte[]> ReadModelAsync(
        IAsyncStreamReader<MeasureRequest> stream,
        MeasureHeader header,
        CancellationToken cancellationToken
    )
    {
        // Grown as pieces arrive: a header alone reserves nothing.
        using var model = new MemoryStream();

        // With a clock that does not jump when a device sets the time.
        long began = Stopwatch.GetTimestamp();
        TimeSpan allowed = limits.PieceTime + TimeSpan.FromSeconds(BytesOf(header) / AgentLimits.LeastBytesPerSecond);
        while (await NextAsync(stream, cancellationToken).ConfigureAwait(false) is { } request)
        {
            if (Stopwatch.GetElapsedTime(began) > allowed)
            {
                throw new RpcException(
                    new Status(
                        StatusCode.DeadlineExceeded,
                        $"the model arrives at less than {AgentLimits.LeastBytesPerSecond:0} bytes a second"
                    )
                );
            }

            Require(
                request.PartCase == MeasureRequest.PartOneofCase.Piece,
                "pieces of the model must follow the header"
            );
            Require(
                model.Length + request.Piece.Length <= BytesOf(header),
                "there are more bytes than the header says"
            );
            request.Piece.WriteTo(model);
        }

        byte[] bytes = model.ToArray();
        Require(
            bytes.Length == BytesOf(header) && SHA256.HashData(bytes).AsSpan().SequenceEqual(header.Sha256.Span),
            "the model arrived damaged"
        );
        return bytes;
    }

    /// <summary>
    /// Reads the next message, or returns null at the end; a client that sends nothing for long is disconnected.
    /// </summary>
    private async Task<MeasureRequest?> NextAsync(
        IAsyncStreamReader<MeasureRequest> stream,
        CancellationToken cancellationToken
    )
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limits.PieceTime);
        try
        {
            return await stream.MoveNext(patience.Token).ConfigureAwait(false) ? stream.Current : null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(
                new Status(StatusCode.DeadlineExceeded, $"nothing was sent for {limits.PieceTime.TotalSeconds:0} s")
            );
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw Wrong(message);
        }
    }

    private static RpcException Wrong(string message) => new(new Status(StatusCode.InvalidArgument, message));
}
