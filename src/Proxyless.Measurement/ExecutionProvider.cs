using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Measurement;

/// <summary>
/// The part of ONNX Runtime that computes a model. All except the processor need a build of ONNX Runtime that has them
/// (docs/targets.md), and we have run none of those. Operations that a provider does not have are left to the
/// processor, as in any use of the model.
/// </summary>
public sealed class ExecutionProvider
{
    private readonly string _runtimeName;
    private readonly Action<SessionOptions, int> _append;

    private ExecutionProvider(string name, string runtimeName, string package, Action<SessionOptions, int> append)
    {
        Name = name;
        Package = package;
        _runtimeName = runtimeName;
        _append = append;
    }

    /// <summary>The processor, which every build has.</summary>
    public static ExecutionProvider Cpu { get; } =
        new("cpu", "CPUExecutionProvider", "Microsoft.ML.OnnxRuntime", (_, _) => { });

    /// <summary>All providers that can be requested.</summary>
    public static IReadOnlyList<ExecutionProvider> All { get; } =
    [
        Cpu,
        new(
            "cuda",
            "CUDAExecutionProvider",
            "Microsoft.ML.OnnxRuntime.Gpu",
            (options, device) => options.AppendExecutionProvider_CUDA(device)
        ),
        new(
            "tensorrt",
            "TensorrtExecutionProvider",
            "Microsoft.ML.OnnxRuntime.Gpu",
            (options, device) => options.AppendExecutionProvider_Tensorrt(device)
        ),
        new(
            "directml",
            "DmlExecutionProvider",
            "Microsoft.ML.OnnxRuntime.DirectML",
            (options, device) => options.AppendExecutionProvider_DML(device)
        ),
        new(
            "coreml",
            "CoreMLExecutionProvider",
            "Microsoft.ML.OnnxRuntime",
            (options, _) => options.AppendExecutionProvider_CoreML()
        ),
        new(
            "openvino",
            "OpenVINOExecutionProvider",
            "Intel.ML.OnnxRuntime.OpenVino",
            (options, _) => options.AppendExecutionProvider_OpenVINO()
        ),
    ];

    /// <summary>Its name in targets.</summary>
    public string Name { get; }

    /// <summary>The NuGet package of a build of ONNX Runtime that has it.</summary>
    public string Package { get; }

    /// <summary>Whether the ONNX Runtime in use has it.</summary>
    public bool IsAvailable
    {
        get
        {
            Telemetry.SwitchOff();
            return OrtEnv.Instance().GetAvailableProviders().Contains(_runtimeName);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Adds it to the session options, before the processor.</summary>
    /// <param name="options">The options of a new session.</param>
    /// <param name="device">Which of the machine's devices of this kind, from 0.</param>
    /// <exception cref="OnnxRuntimeException">
    /// It cannot be started: a driver or a vendor library is missing, or the device is.
    /// </exception>
    internal void AppendTo(SessionOptions options, int device) => _append(options, device);
}
