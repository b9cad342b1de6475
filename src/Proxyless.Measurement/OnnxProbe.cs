using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Measurement;

/// <summary>Runs a model with one float input and any number of float outputs, for looking into it.</summary>
internal sealed class OnnxProbe : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly long[] _shape;

    /// <summary>Loads a model.</summary>
    /// <param name="onnx">The bytes of an ONNX file.</param>
    /// <param name="threads">Threads per run.</param>
    /// <param name="optimized">
    /// Whether nodes are fused as in deployment; without, integer models are computed in float from their rounded
    /// numbers, node by node.
    /// </param>
    /// <exception cref="OnnxRuntimeException">The bytes are not a model that ONNX Runtime can run.</exception>
    /// <exception cref="ArgumentException">The model has another number of inputs.</exception>
    public OnnxProbe(byte[] onnx, int threads, bool optimized)
    {
        using SessionOptions options = OnnxSessions.Options(threads);
        if (!optimized)
        {
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        }

        _session = new InferenceSession(onnx, options);
        if (_session.InputMetadata.Count != 1)
        {
            int inputs = _session.InputMetadata.Count;
            _session.Dispose();
            throw new ArgumentException($"the model has {inputs} inputs, not 1", nameof(onnx));
        }

        _shape = [.. _session.InputMetadata.Values.Single().Dimensions.Select(size => (long)size)];
    }

    /// <summary>The names of the outputs.</summary>
    public IReadOnlyList<string> Outputs => _session.OutputNames;

    /// <summary>Runs the model.</summary>
    /// <param name="images">[count, ...], row-major.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="see">Receives each output: its place in <see cref="Outputs"/>, its shape and its values.</param>
    public void Run(ReadOnlySpan<float> images, int count, Action<int, long[], ReadOnlySpan<float>> see)
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = OnnxSessions.Run(
            _session,
            _runOptions,
            images,
            [count, .. _shape.Skip(1)]
        );
        for (int i = 0; i < outputs.Count; i++)
        {
            see(i, outputs[i].GetTensorTypeAndShape().Shape, outputs[i].GetTensorDataAsSpan<float>());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }
}
