using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Proxyless.Measurement;

/// <summary>The session settings of all models of the product, timed or in use.</summary>
internal static class OnnxSessions
{
    /// <summary>
    /// One run at a time on <paramref name="threads"/> threads of the processor, all graph optimizations.
    /// </summary>
    internal static SessionOptions Options(int threads) => Options(threads, ExecutionProvider.Cpu, device: 0);

    /// <summary>The same with a provider besides the processor.</summary>
    /// <exception cref="OnnxRuntimeException">The provider cannot be started.</exception>
    internal static SessionOptions Options(int threads, ExecutionProvider provider, int device)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Telemetry.SwitchOff();
        var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };

        // Threads spin for their next task within a run, which is the default, but not between runs: models that are
        // timed alternately would slow each other down (1.8 times with two threads on two cores).
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        try
        {
            provider.AppendTo(options, device);
        }
        catch
        {
            options.Dispose();
            throw;
        }

        return options;
    }

    /// <summary>Runs a model of one float input once.</summary>
    /// <param name="session">The model.</param>
    /// <param name="runOptions">The options of the run.</param>
    /// <param name="values">The input's values, row-major.</param>
    /// <param name="shape">The input's shape.</param>
    /// <returns>All outputs, in the order of the session's names.</returns>
    /// <exception cref="ArgumentException">There are more or fewer values.</exception>
    internal static IDisposableReadOnlyCollection<OrtValue> Run(
        InferenceSession session,
        RunOptions runOptions,
        ReadOnlySpan<float> values,
        long[] shape
    )
    {
        using var input = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance,
            TensorElementType.Float,
            shape
        );
        Span<float> place = input.GetTensorMutableDataAsSpan<float>();
        if (values.Length != place.Length)
        {
            throw new ArgumentException(
                $"the input [{string.Join(", ", shape)}] has {place.Length} values, not {values.Length}",
                nameof(values)
            );
        }

        values.CopyTo(place);
        return session.Run(runOptions, session.InputNames, [input], session.OutputNames);
    }
}
