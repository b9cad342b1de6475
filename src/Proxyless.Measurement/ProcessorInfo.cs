using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Measurement;

/// <summary>What latencies depend on beside the model: the processor and the runtime.</summary>
public static class ProcessorInfo
{
    /// <summary>The processor's model name; where the system does not tell, its architecture.</summary>
    public static string Name { get; } = ReadName();

    /// <summary>The version of ONNX Runtime in use, such as <c>1.31.1</c>.</summary>
    public static string OnnxRuntimeVersion
    {
        get
        {
            Telemetry.SwitchOff();
            return OrtEnv.Instance().GetVersionString();
        }
    }

    private static string ReadName()
    {
        const string CpuInfo = "/proc/cpuinfo";
        string? name = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo)
                .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
                .FirstOrDefault()
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return string.IsNullOrEmpty(name)
            ? $"{RuntimeInformation.OSArchitecture} ({RuntimeInformation.OSDescription})"
            : name;
    }
}
