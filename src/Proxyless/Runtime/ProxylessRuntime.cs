namespace Proxyless.Runtime;

/// <summary>
/// Prepares the process for training. This is the only call of the library that changes settings of the whole process;
/// the command line makes it first. Without it everything works with the process's own settings: more slowly where the
/// allocator returns memory, and not at all where TorchSharp's original native library does not load.
/// </summary>
/// <remarks>
/// The one exception is ONNX Runtime's telemetry: it is switched off when a model is first loaded
/// (<c>ORT_DISABLE_TELEMETRY=1</c>, unless the environment sets it), because nobody who classifies or times a model has
/// agreed to reports, and a program that uses only Proxyless.Inference does not have this call.
/// </remarks>
public static class ProxylessRuntime
{
    /// <summary>The advice in messages.</summary>
    internal const string Call = $"{nameof(ProxylessRuntime)}.{nameof(Configure)}";

    private static readonly Lock Gate = new();
    private static RuntimeOptions? _configured;

    /// <summary>
    /// Makes the changes that the options name. Call it at the start of the program, before anything uses TorchSharp. A
    /// second call with equal options does nothing. Thread-safe.
    /// </summary>
    /// <param name="options">What to change; null: everything, with defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="RuntimeOptions.Threads"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">
    /// The process is already configured differently; or TorchSharp's assembly has a resolver of native libraries that
    /// the program has set, and this system needs ours. Then nothing was changed.
    /// </exception>
    public static void Configure(RuntimeOptions? options = null)
    {
        options ??= new RuntimeOptions();
        if (options.Threads is { } threads)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, $"{nameof(options)}.{nameof(options.Threads)}");
        }

        lock (Gate)
        {
            if (_configured is not null)
            {
                if (_configured != options)
                {
                    throw new InvalidOperationException(
                        $"the process is configured already, with {_configured}; "
                            + $"call {Call} once, or with equal options"
                    );
                }

                return;
            }

            // Steps that can fail come first.
            if (options.SupportOldLibstdcxx && PatchedLibrary.IsNeeded)
            {
                PatchedLibrary.Install();
            }

            if (options.KeepFreedMemory)
            {
                Allocator.Tune();
            }

            if (options.WaitPassively)
            {
                OpenMp.WaitPassively();
            }

            if (options.Threads is { } count)
            {
                Libtorch.UseThreads(count);
            }

            _configured = options;
        }
    }
}
