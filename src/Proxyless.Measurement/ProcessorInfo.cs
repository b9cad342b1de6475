using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Proxyless.Measurement;

/// <summary>What latencies depend on besides the model: the processor and the runtime.</summary>
public static class ProcessorInfo
{
    /// <summary>The processor's model name; its architecture if the system does not tell the name.</summary>
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
