using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Proxyless.Measurement;

/// <summary>
/// A model with one float input and one float output, loaded as in deployment: all graph optimizations, a given number
/// of threads. Input and output are bound once, so that a run copies nothing.
/// </summary>
public sealed class OnnxModel : IDisposable
{
    private readonly int _threads;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly OrtValue _input;
    private readonly OrtValue _output;
    private readonly OrtIoBinding _binding;

    /// <summary>Loads a model and fills its input with numbers in [0, 1).</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="threads">Threads per run.</param>
    /// <param name="batch">The value of dynamic dimensions: images per run.</param>
    /// <exception cref="OnnxRuntimeException">The bytes are not a model that ONNX Runtime can run.</exception>
    /// <exception cref="ArgumentException">
    /// The model has several inputs or outputs, or they are not float tensors.
    /// </exception>
    public OnnxModel(byte[] onnx, int threads = 1, int batch = 1)
        : this(onnx, threads, batch, ExecutionProvider.Cpu, device: 0) { }

    /// <summary>Loads a model for another device than the processor.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="threads">Threads per run on the processor.</param>
    /// <param name="batch">The value of dynamic dimensions: images per run.</param>
    /// <param name="provider">The provider that computes it.</param>
    /// <param name="device">Which of the machine's devices of that kind, from 0.</param>
    /// <exception cref="OnnxRuntimeException">
    /// The provider cannot be started, or the bytes are not a model that it can run.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// The model has several inputs or outputs, or they are not float tensors.
    /// </exception>
    public OnnxModel(byte[] onnx, int threads, int batch, ExecutionProvider provider, int device)
        : this(onnx, threads, batch, OnnxSessions.Options(threads, provider, device)) { }

    /// <summary>Loads a model that records the time of each node, for <see cref="EndProfiling"/>.</summary>
    internal OnnxModel(byte[] onnx, int threads, int batch, string profilePrefix)
        : this(onnx, threads, batch, Profiled(OnnxSessions.Options(threads), profilePrefix)) { }

    private OnnxModel(byte[] onnx, int threads, int batch, SessionOptions ownOptions)
    {
        _threads = threads;
        using SessionOptions options = ownOptions;
        _session = new InferenceSession(onnx, options);
        try
        {
            _input = Allocate(_session.InputMetadata, batch);
            _output = Allocate(_session.OutputMetadata, batch);
            Fill(_input.GetTensorMutableDataAsSpan<float>());
        }
        catch
        {
            _output?.Dispose();
            _input?.Dispose();
            _runOptions.Dispose();
            _session.Dispose();
            throw;
        }

        _binding = _session.CreateIoBinding();
        _binding.BindInput(_session.InputNames[0], _input);
        _binding.BindOutput(_session.OutputNames[0], _output);
    }

    /// <summary>The output of the last run, overwritten by the next.</summary>
    public ReadOnlySpan<float> Output => _output.GetTensorDataAsSpan<float>();

    /// <summary>
    /// Runs the model once and returns the milliseconds it took. With one thread, time that the thread waited for a
    /// processor is left out, if the system counts it: the machine's other work does not belong to the model. With
    /// several, one thread works while another waits, so nothing can be left out.
    /// </summary>
    public double Run()
    {
        long first = Stopwatch.GetTimestamp();
        double waited = _threads == 1 ? RunQueue.WaitedMs() : 0;
        long start = Stopwatch.GetTimestamp();
        _session.RunWithBinding(_runOptions, _binding);
        long end = Stopwatch.GetTimestamp();
        double elapsed = Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
        if (_threads > 1)
        {
            return elapsed;
        }

        waited = RunQueue.WaitedMs() - waited;
        return RunQueue.Without(waited, elapsed, Stopwatch.GetElapsedTime(first).TotalMilliseconds - elapsed);
    }

    /// <summary>Closes the record of node times and returns its path.</summary>
    internal string EndProfiling() => _session.EndProfiling();

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        _output.Dispose();
        _input.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static SessionOptions Profiled(SessionOptions options, string profilePrefix)
    {
        options.ProfileOutputPathPrefix = profilePrefix;
        options.EnableProfiling = true;
        return options;
    }

    // A fixed seed: the same numbers in every process, and none of them denormal, which would slow down the arithmetic.
    private static void Fill(Span<float> values)
    {
        var random = new Random(1);
        foreach (ref float value in values)
        {
            value = random.NextSingle();
        }
    }

    private static OrtValue Allocate(IReadOnlyDictionary<string, NodeMetadata> nodes, int batch)
    {
        if (
            nodes.Count != 1
            || nodes.Values.Single() is not { IsTensor: true, ElementDataType: TensorElementType.Float } node
        )
        {
            throw new ArgumentException("only a model with one float tensor in and one float tensor out can be timed");
        }

        long[] shape = [.. node.Dimensions.Select(size => size < 0 ? batch : (long)size)];

        // ONNX Runtime counts the bytes of a span as an int, unchecked: it would fill a part of a larger tensor.
        if (shape.Aggregate((UInt128)sizeof(float), (bytes, side) => bytes * (ulong)side) > int.MaxValue)
        {
            throw new OverflowException($"a tensor of {string.Join('x', shape)} numbers is larger than 2 GB");
        }

        return OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, shape);
    }
}
